//! Behaviours: the state machines of agents, as people write them and as they are shown.
//!
//! [`Document`] is our own format. [`Definition`] holds a behaviour as it was given, in our format or in
//! that of UNaIVERSE; the rules compile it.

mod custom_action;
mod definition;
mod destination;
mod document;
mod json_text;
mod ordered_map;
mod seconds;
mod view;
mod warning;

pub use custom_action::CustomAction;
pub use definition::{Definition, Format, InvalidDefinition};
pub use destination::Destination;
pub use document::{Document, State, Teleport, Template, Transition};
pub use ordered_map::OrderedMap;
pub use seconds::Seconds;
pub use view::{BehaviourView, LinkState, Playlist, RunningAction, WaitReason, Waiting};
pub use warning::{Warning, WarningCode};
