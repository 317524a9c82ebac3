//! Titles of chats: made of the first thing that a person posts, then by a model; what a person called
//! a chat stays.

mod commands;
mod from_message;
mod from_model;
mod limits;
#[cfg(test)]
mod text_tests;

pub(super) use commands::title_from_first_message;
pub(crate) use commands::{chat_model, request_titles, title_from_model};
pub(super) use limits::NEW_CHAT;
