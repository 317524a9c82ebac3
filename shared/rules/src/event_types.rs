//! The types of custom events that a world checks.

mod check;
mod commands;
mod events;
mod state;

pub(crate) use check::{check_data, check_payload, check_registration};
pub(crate) use commands::register;
pub(crate) use events::apply;
pub(crate) use state::{EventTypes, Version};
