//! Behaviours: the state machines of agents, as people write them and as they are shown.
//!
//! [`Document`] is our own format. [`Definition`] holds a behaviour as it was given, in our format or in
//! that of UNaIVERSE; the rules compile it.

mod badge;
mod custom_action;
mod definition;
mod destination;
mod document;
mod fact;
mod json_text;
mod ordered_map;
mod role;
mod seconds;
mod view;
mod warning;

pub use badge::{BadgeAwarded, BadgePolicy, BadgeSource, BadgeSourceWord, BadgeType};
pub use custom_action::{CustomAction, DeclaredAction};
pub use definition::{Definition, Format, InvalidDefinition};
pub use destination::Destination;
pub use document::{Document, State, Teleport, Template, Transition};
pub use fact::{
    BehaviourDeferred, BehaviourDelayEnded, BehaviourPaused, BehaviourRemoved, BehaviourResumed,
    BehaviourSet, BehaviourTransitioned, BehaviourWaiting, MemoryChange, UsedAction,
};
pub use ordered_map::OrderedMap;
pub use role::RoleSpec;
pub use seconds::Seconds;
pub use view::{
    ActionCounts, ActionResult, BehaviourStatistics, BehaviourView, DiagramFormat, LinkState,
    Playlist, Roster, RosterEntry, RunningAction, Statistics, Subscription, WaitReason, Waiting,
};
pub use warning::{Warning, WarningCode};
