//! Who answers a message.

use contract::chat::Unanswered;
use contract::world::ChatDialect;
use contract::{Entity, EntityId, EntityKind, Rejection, RejectionCode};

use super::main_agent::main_agent;
use super::participants::{agents_of, answerers_of};
use super::state::ChatState;
use crate::dialect::{AnswerRouting, Message, ParsedMessage, Recipient, first_free_mention};
use crate::entities::sender_kind;
use crate::interactions::Answers;
use crate::rejection::{reject, too_large};
use crate::world::World;

/// Answers that may wait in one chat: all that wait must fit in the commit that cancels them.
const WAITING_MAX: usize = 500;
/// Agents that may answer one message: each is requested in the same commit.
const ANSWERERS_MAX: usize = 256;
/// Agents whose notices may be posted at once; those of the others are posted another time.
const NOTICES_MAX: usize = 32;

/// What the agents of a chat do with a message.
#[derive(Default)]
pub(super) struct Recipients {
    pub(super) answerers: Vec<EntityId>,
    /// Those for which a notice is posted, since they have reached their limit.
    pub(super) limited: Vec<EntityId>,
    /// Why nobody answers, if nobody does.
    pub(super) unanswered: Option<Unanswered>,
}

/// How a world reads the texts of its chats.
pub(super) fn dialect(world: &World) -> ChatDialect {
    let description = world.description.as_ref();
    description.map_or_else(ChatDialect::default, |description| description.chat_dialect)
}

/// Who of a chat's agents answers a message, and who has reached its limit. A message that opens a turn
/// resets everybody's count first.
pub(super) fn resolve_recipients(
    world: &World,
    state: &ChatState,
    sender: &EntityId,
    text: &str,
) -> Recipients {
    let mut recipients = Recipients::default();
    let Some(description) = &world.description else {
        return recipients;
    };
    let kind = sender_kind(world, sender);
    let message = Message {
        sender: sender.as_str(),
        kind,
        text,
        main_agent: main_agent(world, &state.chat),
    };
    let message = ParsedMessage::new(description.chat_dialect, message, &agent_ids(world));
    let mut is_limited = false;
    for agent in answerers_of(world, &state.chat) {
        // Its behaviour answers no messages.
        if world.interactions.answers(&agent.id) == Answers::Never {
            continue;
        }
        let requests = world.chats.model_requests.get(&agent.id).copied();
        let recipient = Recipient {
            agent_id: agent.id.as_str(),
            model_requests: requests
                .filter(|_| !kind.opens_a_turn())
                .unwrap_or_default(),
            turn_limit: description.turn_limit,
        };
        match message.routing(&recipient) {
            AnswerRouting::Answers => recipients.answerers.push(agent.id.clone()),
            AnswerRouting::LimitReached => {
                is_limited = true;
                // Once is enough until somebody opens a turn.
                let is_noticed = world.chats.limited.contains(&agent.id);
                if !is_noticed && recipients.limited.len() < NOTICES_MAX {
                    recipients.limited.push(agent.id.clone());
                }
            }
            AnswerRouting::Ignores => {}
        }
    }
    if recipients.answerers.is_empty() {
        let reason = unanswered(world, state, sender, &message);
        let is_of_limit = is_limited && reason == Unanswered::NotAnswering;
        let of_limit = is_of_limit.then_some(Unanswered::LimitReached);
        recipients.unanswered = Some(of_limit.unwrap_or(reason));
    }
    recipients
}

/// Why nobody answers a message, limits aside.
fn unanswered(
    world: &World,
    state: &ChatState,
    sender: &EntityId,
    message: &ParsedMessage<'_>,
) -> Unanswered {
    let mut others = agents_of(world, &state.chat).filter(|agent| agent.id != *sender);
    let Some(first) = others.next() else {
        return Unanswered::NoAgents;
    };
    if let Some(reason) = message.unanswered() {
        return reason;
    }
    let is_for = |agent: &Entity| {
        let recipient = Recipient {
            agent_id: agent.id.as_str(),
            model_requests: 0,
            turn_limit: 1,
        };
        message.routing(&recipient) == AnswerRouting::Answers
    };
    // It would answer, if it answered messages.
    match is_for(first) || others.any(is_for) {
        true => Unanswered::NotAnswering,
        false => Unanswered::UnknownMention,
    }
}

/// The ids of the agents of a world.
pub(super) fn agent_ids(world: &World) -> impl Iterator<Item = &str> + Clone {
    let agents = world
        .entities
        .iter()
        .filter(|entity| entity.kind == EntityKind::Agent);
    agents.map(|agent| agent.id.as_str())
}

/// The name that a text mentions first, in lower case, when no agent has it.
pub(super) fn unknown_mention(world: &World, text: &str) -> Option<String> {
    let name = first_free_mention(dialect(world), text)?;
    let mut entities = world.entities.iter();
    let is_known = entities.any(|entity| {
        entity.kind == EntityKind::Agent && entity.id.as_str().eq_ignore_ascii_case(name)
    });
    (!is_known).then(|| name.to_lowercase())
}

/// Refuses a message that too many would answer.
pub(super) fn check_room(state: &ChatState, recipients: &Recipients) -> Result<(), Rejection> {
    let answers = recipients.answerers.len();
    if answers > ANSWERERS_MAX {
        let detail =
            format!("{answers} agents would answer; at most {ANSWERERS_MAX} can: name some with @");
        return Err(too_large(detail, Some("text".to_owned())));
    }
    let waiting = state.waiting();
    if answers > 0 && waiting + answers > WAITING_MAX {
        let chat = &state.chat.id;
        let detail = format!("{waiting} answers wait in the chat {chat}; at most {WAITING_MAX} do");
        return Err(reject(RejectionCode::Busy, detail, None));
    }
    Ok(())
}

/// Drops the recipients of an agent's message that are too many: those that come first answer.
pub(super) fn limit_to_room(state: &ChatState, recipients: &mut Recipients) {
    let room = WAITING_MAX.saturating_sub(state.waiting());
    recipients.answerers.truncate(room.min(ANSWERERS_MAX));
}
