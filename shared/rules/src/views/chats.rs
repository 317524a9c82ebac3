//! Chats: one, or a page of them.

use std::borrow::Cow;

use contract::view::{ChatOutline, ChatPage, ChatView, GetChats};

use super::page::page;
use crate::chats::ChatState;
use crate::world::World;

pub(super) fn chat_view(state: &ChatState) -> ChatView<'_> {
    ChatView {
        chat: Cow::Borrowed(state.chat()),
        created_at: state.created_at(),
        message_count: state.message_count(),
        messages: state.tail().iter().map(Cow::Borrowed).collect(),
        answering: state.answering().cloned().collect(),
    }
}

pub(super) fn chat_outline(state: &ChatState) -> ChatOutline<'_> {
    ChatOutline {
        chat: Cow::Borrowed(state.chat()),
        created_at: state.created_at(),
        message_count: state.message_count(),
        answering: state.answering().cloned().collect(),
    }
}

pub(super) fn chat_page<'a>(world: &'a World, request: &GetChats) -> ChatPage<'a> {
    let chats = world.chats.after(request.after.as_ref());
    let (chats, next) = page(chats, request.limit, |(id, _)| (*id).clone());
    ChatPage {
        items: chats
            .into_iter()
            .map(|(_, chat)| chat_outline(chat))
            .collect(),
        next,
    }
}
