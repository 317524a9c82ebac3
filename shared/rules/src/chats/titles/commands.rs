//! When a chat gets a title, and from whom.

use std::time::Duration;

use contract::action::TitleOutput;
use contract::chat::TitleSource;
use contract::world::ChatModel;
use contract::{Brain, Chat, ChatId, Entity, EntityId, Fact, Purpose, Rejection, action};
use serde_json::value::RawValue;

use super::from_message::from_message;
use super::from_model::from_model;
use super::limits::{NEW_CHAT, shortened};
use crate::chats::participants::answerers_of;
use crate::chats::state::ChatState;
use crate::decider::{Decider, EventHeader};
use crate::entities::{SenderKind, sender_kind};
use crate::runs;
use crate::world::World;

/// A title that takes longer is not worth waiting for.
const DEADLINE: Duration = Duration::from_mins(2);

/// The first thing that a person posts gives a chat its title, if it has none.
pub(crate) fn title_from_first_message(
    world: &World,
    state: &ChatState,
    sender: &EntityId,
    text: &str,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    if state.chat.titled != TitleSource::Default || sender_kind(world, sender) != SenderKind::Human
    {
        return Ok(());
    }
    let title = shortened(from_message(text));
    if title == NEW_CHAT {
        return Ok(());
    }
    set_auto_title(&state.chat, title, decider)
}

/// Requests titles for those of the chats in which no answer is awaited.
pub(crate) fn request_titles<'a>(
    world: &World,
    chats: impl IntoIterator<Item = &'a ChatId>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    for chat in chats {
        request_title(world, chat, decider)?;
    }
    Ok(())
}

/// Requests a title from a model, once, when no answer is awaited in the chat.
fn request_title(world: &World, chat: &ChatId, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    let Some(state) = world.chats.get(chat) else {
        return Ok(());
    };
    let mut turns = world.chats.turns.values();
    let is_idle = turns.all(|turn| turn.chat != *chat || turn.open == 0);
    let is_wanted = state.chat.titled != TitleSource::Manual && !state.title_requested && is_idle;
    let has_model = |agent: &&Entity| {
        let brain = agent.agent.as_ref().map(|agent| &agent.brain);
        matches!(brain, Some(Brain::Llm(_)))
    };
    let has_chat_model = chat_model(world).is_some();
    let mut agents = answerers_of(world, &state.chat);
    let agent = agents.find(|agent| has_chat_model || has_model(agent));
    let (true, Some(agent), Ok(action)) = (is_wanted, agent, action::TITLE.try_into()) else {
        return Ok(());
    };
    let purpose = Purpose::Title { chat: chat.clone() };
    let requested = purpose.request(action, agent.id.clone(), decider.now() + DEADLINE);
    runs::request(requested, &purpose, EventHeader::default(), decider)
}

/// The world's own model, if it has one.
pub(crate) fn chat_model(world: &World) -> Option<&ChatModel> {
    world.description.as_ref()?.chat_model.as_ref()
}

/// Takes the title that a model found, unless a person gave one meanwhile.
pub(crate) fn title_from_model(
    world: &World,
    chat: &ChatId,
    output: Option<&RawValue>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let state = world.chats.get(chat);
    let output = output.and_then(|json| serde_json::from_str::<TitleOutput>(json.get()).ok());
    let (Some(state), Some(output)) = (state, output) else {
        return Ok(());
    };
    if state.chat.titled == TitleSource::Manual {
        return Ok(());
    }
    let of_people = state
        .tail
        .iter()
        .filter(|message| !message.from_agent)
        .map(|message| message.text.as_str());
    match from_model(&output.title, of_people) {
        Some(title) if title != state.chat.title => set_auto_title(&state.chat, title, decider),
        _ => Ok(()),
    }
}

fn set_auto_title(chat: &Chat, title: String, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    let header = EventHeader {
        sender: Some(EntityId::world()),
        ..EventHeader::of_chat(&chat.id)
    };
    let chat = Chat {
        title,
        titled: TitleSource::Auto,
        ..chat.clone()
    };
    decider.push_with(Fact::ChatUpdated(chat), header)
}
