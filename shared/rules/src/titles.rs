//! Titles of chats: the first thing that a person says, then what a model makes of the talk; what a
//! person called it stays.

use std::time::Duration;

use contract::brain::Brain;
use contract::chat::TitleSource;
use contract::world::ChatModel;
use contract::{Chat, ChatId, Entity, EntityId, Fact, Purpose, Rejection};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::state::{ChatState, Open, World};
use super::talk::speaker::Speaker;
use super::talk::title::{NEW_CHAT, from_message, from_model, shortened};
use super::{About, Decision};

/// The action that asks a model for a title.
pub(super) const TITLE: &str = "title";
/// A title that takes longer is not worth waiting for.
const DEADLINE: Duration = Duration::from_mins(2);

/// What a worker says of a title.
#[derive(Deserialize)]
struct Output {
    title: String,
}

/// The first thing that a person says gives a chat its title, if it has none.
pub(super) fn by_first_message(
    world: &World,
    state: &ChatState,
    sender: &EntityId,
    text: &str,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    if state.chat.titled != TitleSource::Default || world.speaker(sender) != Speaker::Human {
        return Ok(());
    }
    let title = shortened(from_message(text));
    if title == NEW_CHAT {
        return Ok(());
    }
    entitle(&state.chat, title, decision)
}

/// Asks a model for a title, once, when nobody in the chat has anything left to say.
pub(super) fn ask_when_idle(
    world: &World,
    chat: &ChatId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let Some(state) = world.chats.get(chat) else {
        return Ok(());
    };
    let is_idle = world
        .turns
        .values()
        .all(|turn| turn.chat != *chat || turn.open == 0);
    let is_wanted = state.chat.titled != TitleSource::Manual && !state.title_asked && is_idle;
    let has_model = |agent: &&Entity| {
        let brain = agent.agent.as_ref().map(|agent| &agent.brain);
        matches!(brain, Some(Brain::Llm(_)))
    };
    let has_chat_model = chat_model(world).is_some();
    let mut agents = world.answerers_of(&state.chat);
    let agent = agents.find(|agent| has_chat_model || has_model(agent));
    let (true, Some(agent), Ok(action)) = (is_wanted, agent, TITLE.try_into()) else {
        return Ok(());
    };
    let requested = Purpose::Requested.request(action, agent.id.clone(), decision.now + DEADLINE);
    let about = About {
        sender: Some(EntityId::world()),
        chat: Some(chat.clone()),
        ..About::default()
    };
    decision.push_about(Fact::ActionRequested(requested), about)
}

/// The world's own model, if it has one.
pub(super) fn chat_model(world: &World) -> Option<&ChatModel> {
    world.description.as_ref()?.chat_model.as_ref()
}

/// Takes what a model made of the talk, unless a person gave a title meanwhile.
pub(super) fn by_model(
    world: &World,
    open: &Open,
    output: Option<&RawValue>,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let state = open.titles.as_ref().and_then(|chat| world.chats.get(chat));
    let output = output.and_then(|json| serde_json::from_str::<Output>(json.get()).ok());
    let (Some(state), Some(output)) = (state, output) else {
        return Ok(());
    };
    if state.chat.titled == TitleSource::Manual {
        return Ok(());
    }
    let said_by_people = state
        .tail
        .iter()
        .filter(|message| !message.from_agent)
        .map(|message| message.text.as_str());
    match from_model(&output.title, said_by_people) {
        Some(title) if title != state.chat.title => entitle(&state.chat, title, decision),
        _ => Ok(()),
    }
}

fn entitle(chat: &Chat, title: String, decision: &mut Decision<'_>) -> Result<(), Rejection> {
    let chat = Chat {
        title,
        titled: TitleSource::Auto,
        ..chat.clone()
    };
    let about = About {
        sender: Some(EntityId::world()),
        chat: Some(chat.id.clone()),
        ..About::default()
    };
    decision.push_about(Fact::ChatUpdated(chat), about)
}
