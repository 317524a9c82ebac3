//! Abilities: what entities can do when events of a type arrive, and the sending of custom events.

mod available;
mod check;
mod origin;
mod result;
mod send;
mod trigger;

pub(crate) use available::{available, find, perceived_by};
pub(crate) use check::{check_abilities, check_arguments};
pub(crate) use origin::{AbilityCall, Origin};
pub(crate) use result::{output_of, result_text};
pub(crate) use send::{CheckChat, SendContext, check_event, send, send_all};
