//! Texts: how long they may be, how they are cut, and how prompts are filled in.

mod limit;
mod prefix;
mod variables;

pub(crate) use limit::{check_text, truncate};
pub(crate) use prefix::strip_ignoring_case;
pub(crate) use variables::Variables;
