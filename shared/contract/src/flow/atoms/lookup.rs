//! Types by their names.

use super::known_type::KnownType;
use super::table::KNOWN_TYPES;

/// What is known of a type; `None` when Atoms does not define it.
pub fn known_type(event_type: &str) -> Option<&'static KnownType> {
    // Only its types begin so, and most events of a session may be others.
    if !event_type.starts_with("agent.") && !event_type.starts_with("system.") {
        return None;
    }
    KNOWN_TYPES.iter().find(|known| known.name == event_type)
}
