//! The tools of a language model, and the tool calls of its completions.
//!
//! Start with [`Toolset`]: it is built before a model request, and maps the names that the model gets
//! to the tools that they stand for.

mod abilities;
mod ask_user;
mod mind;
mod names;
mod questions;
mod raw_call;
mod resolve;
mod spec;
mod toolset;

pub(crate) use mind::{PLAN, SLEEP};
pub(crate) use raw_call::RawToolCall;
pub(crate) use toolset::Toolset;
