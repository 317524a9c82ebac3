//! Chats: their messages, who answers them, turns, and titles.

mod answers;
mod check;
mod commands;
mod context;
mod events;
mod limits;
mod loops;
mod main_agent;
mod memory;
mod messages;
mod participants;
mod queued_chats;
mod recalled;
mod recipients;
mod state;
mod titles;
mod turns;

pub(crate) use answers::{
    is_answering, on_answer_ended, on_answers_changed, on_tool_result, take_question,
};
pub(crate) use check::{check_chat_spec, check_event_chat};
pub(crate) use commands::{
    branch, create, delete, merge_chat, new_chat, open, open_new, stop, update,
};
pub(crate) use context::{conversation, title_messages};
pub(crate) use events::apply;
pub(crate) use memory::memory_of;
pub(crate) use messages::{NewMessage, edit, post, post_answer, post_with_events, remove};
pub(crate) use participants::require_chat;
pub use recalled::RecalledMessage;
pub(crate) use state::{ChatState, Chats};
pub(crate) use titles::{chat_model, request_titles, title_from_model};
pub(crate) use turns::{end_finished_turns, request_due_answers};
