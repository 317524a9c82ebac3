//! Messages: what is said in a chat, who is to answer, and what is taken back.

use contract::fact::{MessagePosted, MessageRemoved, TurnEnded};
use contract::{Chat, ChatId, EntityId, Fact, MessageId, Rejection, RejectionCode, Usage};

use super::state::{ChatState, World};
use super::talk::answer::{
    Decision as Says, Heard, Listener, decide, find_agent, limit_notice, routed,
};
use super::talk::reply::{self, Reply};
use super::talk::speaker::Speaker;
use super::{About, Decision, invalid, invocation, reject, titles, tools};

/// The longest message. A commit holds it once, and a snapshot up to 200 of them for each chat.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Answers that may wait in one chat: all that wait must fit in the commit that calls them off.
const WAITING_MAX: usize = 500;
/// Agents that may answer one message: each is asked in the same commit.
const ANSWERERS_MAX: usize = 256;

/// Agents that may say at once that they had their turns; the others say it another time.
const NOTICES_MAX: usize = 32;

/// What the agents of a chat do with a message.
#[derive(Default)]
struct Hearing {
    answer: Vec<EntityId>,
    /// Those that say that they have had their turns.
    limited: Vec<EntityId>,
}

pub(super) fn post(
    world: &World,
    chat: &ChatId,
    text: &str,
    in_reply_to: Option<MessageId>,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let sender = decision.request.sender.clone();
    post_as(world, &sender, chat, text, in_reply_to, decision)
}

/// A message in the name of `sender`.
pub(super) fn post_as(
    world: &World,
    sender: &EntityId,
    chat: &ChatId,
    text: &str,
    in_reply_to: Option<MessageId>,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let state = world.check_chat(chat, "chat")?;
    World::check_text(text, TEXT_BYTES_MAX, "text")?;
    if text.trim().is_empty() {
        return Err(invalid("text", "a message says something"));
    }
    let id = decision.next_id().message();
    let hearing = hear(world, state, sender, text);
    check_room(state, &hearing)?;
    let posted = MessagePosted {
        text: text.to_owned(),
        turn: id,
        in_reply_to,
        answerers: hearing.answer,
        notice: false,
        from_agent: world.is_agent(sender),
        usage: None,
    };
    push(chat, sender, posted, decision)?;
    push_notices(world, chat, hearing.limited, (id, id), decision)?;
    titles::by_first_message(world, state, sender, text, decision)
}

fn check_room(state: &ChatState, hearing: &Hearing) -> Result<(), Rejection> {
    let answers = hearing.answer.len();
    if answers > ANSWERERS_MAX {
        let detail =
            format!("{answers} agents would answer; at most {ANSWERERS_MAX} can: name some with @");
        return Err(reject(
            RejectionCode::TooLarge,
            detail,
            Some("text".to_owned()),
        ));
    }
    let waiting = waiting(state);
    if answers > 0 && waiting + answers > WAITING_MAX {
        let chat = &state.chat.id;
        let detail = format!("{waiting} answers wait in the chat {chat}; at most {WAITING_MAX} do");
        return Err(reject(RejectionCode::Busy, detail, None));
    }
    Ok(())
}

/// Answers that wait in a chat.
fn waiting(state: &ChatState) -> usize {
    let answering = state.answering.values();
    answering.map(|answering| answering.waiting.len()).sum()
}

/// An agent's own message, in answer to `question`.
pub(super) fn answer(
    world: &World,
    chat: &ChatId,
    agent: &EntityId,
    text: &str,
    question: &contract::chat::ChatMessage,
    usage: Option<Usage>,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let Some(state) = world.chats.get(chat) else {
        return Ok(());
    };
    let config = world
        .entities
        .get(agent)
        .and_then(|entity| entity.agent.as_ref());
    let text = reply::finished(&Reply {
        text,
        agent_id: agent.as_str(),
        sender: question.sender.as_str(),
        speaker: world.speaker(&question.sender),
        auto_reply: config.is_none_or(|config| config.auto_reply),
    });
    // What an agent says is cut, never refused: it can't say it any better.
    let text = text[..text.floor_char_boundary(TEXT_BYTES_MAX)].replace('\0', "");
    if text.trim().is_empty() {
        return Ok(());
    }
    let mut hearing = hear(world, state, agent, &text);
    // What an agent asks of too many is asked of the first of them.
    let room = WAITING_MAX.saturating_sub(waiting(state));
    hearing.answer.truncate(room.min(ANSWERERS_MAX));
    let id = decision.next_id().message();
    let posted = MessagePosted {
        text,
        turn: question.turn,
        in_reply_to: Some(question.id),
        answerers: hearing.answer,
        notice: false,
        from_agent: true,
        usage,
    };
    push(chat, agent, posted, decision)?;
    push_notices(world, chat, hearing.limited, (id, question.turn), decision)
}

/// Who of a chat's agents answers a message, and who has had its turns. A message that opens a turn
/// gives everyone theirs back first.
fn hear(world: &World, state: &ChatState, sender: &EntityId, text: &str) -> Hearing {
    let mut hearing = Hearing::default();
    let Some(description) = &world.description else {
        return hearing;
    };
    let speaker = world.speaker(sender);
    let main_agent = main_agent(world, &state.chat);
    let text = routed(text, speaker, main_agent);
    let heard = Heard::new(sender.as_str(), speaker, &text);
    for agent in world.answerers_of(&state.chat) {
        let calls = world.calls.get(&agent.id).copied().unwrap_or_default();
        let listener = Listener {
            agent_id: agent.id.as_str(),
            calls: if speaker.opens_a_turn() { 0 } else { calls },
            turn_limit: description.turn_limit,
        };
        match decide(&listener, &heard) {
            Says::Answers => hearing.answer.push(agent.id.clone()),
            // Once is enough until somebody opens a turn.
            Says::LimitReached
                if !world.limited.contains(&agent.id) && hearing.limited.len() < NOTICES_MAX =>
            {
                hearing.limited.push(agent.id.clone());
            }
            Says::LimitReached | Says::Ignores => {}
        }
    }
    hearing
}

/// The agent that answers whoever addresses nobody, if it answers in the chat at all.
pub(super) fn main_agent<'a>(world: &'a World, chat: &'a Chat) -> Option<&'a str> {
    let wanted = world.description.as_ref()?.main_agent.as_str();
    let agents = world.answerers_of(chat);
    find_agent(
        wanted,
        agents.map(|agent| (agent.id.as_str(), agent.name.as_str())),
    )
}

/// Agents that have had their turns say so. They address no agent, and so end the exchange.
fn push_notices(
    world: &World,
    chat: &ChatId,
    agents: Vec<EntityId>,
    (message, turn): (MessageId, MessageId),
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let limit = world
        .description
        .as_ref()
        .map_or(0, |description| description.turn_limit);
    for agent in agents {
        let posted = MessagePosted {
            text: limit_notice(limit),
            turn,
            in_reply_to: Some(message),
            answerers: Vec::new(),
            notice: true,
            from_agent: true,
            usage: None,
        };
        push(chat, &agent, posted, decision)?;
    }
    Ok(())
}

fn push(
    chat: &ChatId,
    sender: &EntityId,
    posted: MessagePosted,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let about = About {
        sender: Some(sender.clone()),
        chat: Some(chat.clone()),
        causation: posted
            .in_reply_to
            .map(|message| contract::EventId(message.0)),
        correlation: Some(posted.turn.0),
        ..About::default()
    };
    decision.push_about(Fact::MessagePosted(posted), about)
}

/// Takes a person's message back, and all that followed it.
pub(super) fn remove(
    world: &World,
    chat: &ChatId,
    message: MessageId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    push_removed(world, chat, message, decision)?;
    cancel_answers(world, chat, message, decision)
}

/// Takes a person's message back, and all that followed it, and says `text` in its place.
pub(super) fn edit(
    world: &World,
    chat: &ChatId,
    message: MessageId,
    text: &str,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    push_removed(world, chat, message, decision)?;
    post(world, chat, text, None, decision)?;
    cancel_answers(world, chat, message, decision)
}

fn push_removed(
    world: &World,
    chat: &ChatId,
    message: MessageId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let state = world.check_chat(chat, "chat")?;
    let found = state.tail.iter().find(|kept| kept.id == message);
    let Some(found) = found else {
        let detail = format!("the chat {chat} has no message {message}, or keeps it no more");
        let field = Some("message".to_owned());
        return Err(reject(RejectionCode::UnknownMessage, detail, field));
    };
    if found.from_agent || world.speaker(&found.sender) != Speaker::Human {
        return Err(invalid(
            "message",
            "only what a person said can be taken back",
        ));
    }
    let about = About {
        chat: Some(chat.clone()),
        ..About::default()
    };
    decision.push_about(Fact::MessageRemoved(MessageRemoved { message }), about)
}

/// Calls off the answers to messages that are gone.
fn cancel_answers(
    world: &World,
    chat: &ChatId,
    message: MessageId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let state = world.check_chat(chat, "chat")?;
    let gone = state.tail.iter().skip_while(|kept| kept.id != message);
    let gone: std::collections::BTreeSet<MessageId> = gone.map(|kept| kept.id).collect();
    let current = state
        .answering
        .values()
        .filter_map(|answering| answering.current);
    for id in current {
        let Some(open) = world.invocations.get(&id) else {
            continue;
        };
        let question = open.answers.as_ref().map(|(_, question)| question.id);
        if question.is_some_and(|question| gone.contains(&question)) {
            invocation::push_cancelled(id, open, decision)?;
        }
    }
    for answering in state.answering.values() {
        let thread = answering.thread.as_ref();
        if thread.is_some_and(|thread| gone.contains(&thread.question.id)) {
            tools::call_off(world, answering, decision)?;
        }
    }
    Ok(())
}

pub(super) fn end_turn(
    turn: MessageId,
    chat: &ChatId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let about = About {
        sender: Some(EntityId::world()),
        chat: Some(chat.clone()),
        causation: Some(contract::EventId(turn.0)),
        correlation: Some(turn.0),
        ..About::default()
    };
    decision.push_about(Fact::TurnEnded(TurnEnded { turn }), about)
}
