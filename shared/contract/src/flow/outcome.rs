//! The outcome of an interaction that a node requested.

/// The type of the event by which a session gets the outcome of an interaction that one of its nodes requested.
/// Its payload is an [`InteractionView`](crate::view::InteractionView) of the status `ended`; its turn is that of
/// the event during which the interaction was requested.
pub const INTERACTION_OUTCOME: &str = "interaction.outcome";
