//! The text of the document.

mod events;
mod head;
mod messages;
mod rows;
mod tail;
mod tool_calls;

pub(super) use events::events;
pub(super) use head::{file_name, head};
pub(super) use messages::message;
pub(super) use rows::RowCounts;
pub(super) use tail::metadata;
pub(super) use tool_calls::tool_entry;

#[cfg(test)]
mod tests;
