//! Messages: posted, taken back, and edited.

use std::collections::BTreeSet;

use contract::chat::{AnswerLimit, ChatMessage, ChatText, KeptMessages};
use contract::fact::{MessagePosted, MessageRemoved};
use contract::{
    ChatId, EntityId, EntityKind, EventId, Fact, MessageId, Rejection, RejectionCause,
    RejectionCode, Usage,
};

use super::limits::TEXT_BYTES_MAX;
use super::loops::cancel_loop;
use super::participants::require_chat;
use super::recalled::is_removed;
use super::recipients::{check_room, dialect, limit_to_room, resolve_recipients, unknown_mention};
use super::titles::title_from_first_message;
use crate::decider::{Decider, EventHeader};
use crate::dialect::{Answer, finish_answer, limit_notice};
use crate::entities::{SenderKind, agent_config, is_agent, sender_kind};
use crate::rejection::{field_path, invalid, reject};
use crate::runs::push_cancelled;
use crate::text::check_text;
use crate::tools::LoopOwner;
use crate::world::World;

/// A message that somebody posts.
pub(crate) struct NewMessage<'a> {
    pub(crate) sender: &'a EntityId,
    pub(crate) chat: &'a ChatId,
    pub(crate) text: &'a str,
    pub(crate) in_reply_to: Option<MessageId>,
    /// The event that led to it, when it answers no message.
    pub(crate) causation: Option<EventId>,
}

/// Posts a message, which opens a turn.
pub(crate) fn post(
    world: &World,
    message: &NewMessage<'_>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let NewMessage {
        sender, chat, text, ..
    } = *message;
    let state = require_chat(world, chat, "chat")?;
    check_text(text, TEXT_BYTES_MAX, "text")?;
    if text.trim().is_empty() {
        return Err(invalid("text", "a message says something"));
    }
    let id = decider.next_id().message();
    let recipients = resolve_recipients(world, state, sender, text);
    check_room(state, &recipients)?;
    let posted = MessagePosted {
        text: text.to_owned(),
        turn: id,
        in_reply_to: message.in_reply_to,
        answerers: recipients.answerers,
        notice: false,
        from_agent: is_agent(world, sender),
        sender_kind: world.entities.get(sender).map(|entity| entity.kind),
        unknown_mention: unknown_mention(world, text),
        unanswered: recipients.unanswered,
        truncated: false,
        usage: None,
    };
    push_posted(chat, sender, posted, message.causation, decider)?;
    push_notices(world, chat, recipients.limited, (id, id), decider)?;
    title_from_first_message(world, state, sender, text, decider)
}

/// Posts the message that comes with events, of which the first is its cause.
pub(crate) fn post_with_events(
    world: &World,
    message: &ChatText,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let new = NewMessage {
        sender: decider.sender(),
        chat: &message.chat,
        text: &message.text,
        in_reply_to: None,
        causation: decider.events().first().map(|decided| decided.event.id),
    };
    post(world, &new, decider).map_err(|rejection| {
        let field = rejection.field.as_deref();
        let field = field.map_or_else(|| "message".to_owned(), |name| field_path("message", name));
        Rejection {
            field: Some(field),
            ..rejection
        }
    })
}

/// Posts an agent's answer to `question`.
pub(crate) fn post_answer(
    world: &World,
    chat: &ChatId,
    agent: &EntityId,
    (text, usage): (&str, Option<Usage>),
    question: &ChatMessage,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let Some(state) = world.chats.get(chat) else {
        return Ok(());
    };
    // The text of an agent is cut, never refused: the agent could not do better.
    let mut limit = AnswerLimit::default();
    let text = limit.push(text);
    let answer = Answer {
        text: &text,
        agent_id: agent.as_str(),
        sender: question.sender.as_str(),
        kind: sender_kind(world, &question.sender),
        auto_reply: agent_config(world, agent).is_none_or(|config| config.auto_reply),
    };
    let text = finish_answer(dialect(world), &answer);
    let text = text[..text.floor_char_boundary(TEXT_BYTES_MAX)].replace('\0', "");
    if text.trim().is_empty() {
        return Ok(());
    }
    let mut recipients = resolve_recipients(world, state, agent, &text);
    limit_to_room(state, &mut recipients);
    let id = decider.next_id().message();
    let posted = MessagePosted {
        text,
        turn: question.turn,
        in_reply_to: Some(question.id),
        answerers: recipients.answerers,
        notice: false,
        from_agent: true,
        sender_kind: Some(EntityKind::Agent),
        unknown_mention: None,
        unanswered: None,
        truncated: limit.is_cut(),
        usage,
    };
    push_posted(chat, agent, posted, None, decider)?;
    push_notices(
        world,
        chat,
        recipients.limited,
        (id, question.turn),
        decider,
    )
}

/// Posts the notices of agents that have reached their limit. They address no agent, and so end the exchange.
fn push_notices(
    world: &World,
    chat: &ChatId,
    agents: Vec<EntityId>,
    (message, turn): (MessageId, MessageId),
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let limit = world
        .description
        .as_ref()
        .map_or(0, |description| description.turn_limit);
    for agent in agents {
        let posted = MessagePosted {
            text: limit_notice(dialect(world), limit),
            turn,
            in_reply_to: Some(message),
            answerers: Vec::new(),
            notice: true,
            from_agent: true,
            sender_kind: Some(EntityKind::Agent),
            unknown_mention: None,
            unanswered: None,
            truncated: false,
            usage: None,
        };
        push_posted(chat, &agent, posted, None, decider)?;
    }
    Ok(())
}

fn push_posted(
    chat: &ChatId,
    sender: &EntityId,
    posted: MessagePosted,
    causation: Option<EventId>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let answered = posted.in_reply_to.map(|message| EventId(message.0));
    let header = EventHeader {
        sender: Some(sender.clone()),
        causation: causation.or(answered),
        correlation: Some(posted.turn.0),
        ..EventHeader::of_chat(chat)
    };
    decider.push_with(Fact::MessagePosted(posted), header)
}

/// Takes a person's message back, and all that followed it.
pub(crate) fn remove(
    world: &World,
    chat: &ChatId,
    message: MessageId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let removal = find_removal(world, chat, message)?;
    push_removed(chat, &removal, decider)?;
    cancel_answers(world, chat, &removal, decider)
}

/// Takes a person's message back, and all that followed it, and posts `text` in its place.
pub(crate) fn edit(
    world: &World,
    chat: &ChatId,
    message: MessageId,
    text: &str,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let removal = find_removal(world, chat, message)?;
    push_removed(chat, &removal, decider)?;
    let new = NewMessage {
        sender: decider.sender(),
        chat,
        text,
        in_reply_to: None,
        causation: None,
    };
    post(world, &new, decider)?;
    cancel_answers(world, chat, &removal, decider)
}

/// A removal that may be made.
struct Removal {
    /// The first message that goes.
    message: MessageId,
    /// The messages that go, as far as the state keeps them.
    tail: BTreeSet<MessageId>,
    /// What is left, when the first one is older than what the state keeps.
    kept: Option<KeptMessages>,
}

impl Removal {
    fn concerns(&self, message: &ChatMessage) -> bool {
        match &self.kept {
            Some(kept) => is_removed(kept, message),
            None => self.tail.contains(&message.id),
        }
    }
}

/// Finds a person's message in the state, or in what the command was given from the archive.
fn find_removal(world: &World, chat: &ChatId, message: MessageId) -> Result<Removal, Rejection> {
    let state = require_chat(world, chat, "chat")?;
    let in_tail = state.tail.iter().position(|kept| kept.id == message);
    let recalled = world.chats.recalled.as_ref();
    let recalled = recalled.filter(|found| found.chat == *chat && found.message.id == message);
    let (found, removal) = match (in_tail, recalled) {
        (Some(place), _) => {
            let tail = state.tail.iter().skip(place).map(|kept| kept.id).collect();
            let kept = None;
            let removal = Removal {
                message,
                tail,
                kept,
            };
            (&state.tail[place], removal)
        }
        (None, Some(recalled)) => {
            let tail = BTreeSet::new();
            let kept = Some(recalled.kept());
            let removal = Removal {
                message,
                tail,
                kept,
            };
            (&recalled.message, removal)
        }
        (None, None) => {
            let detail = format!("the chat {chat} has no message {message}");
            let field = Some("message".to_owned());
            return Err(reject(RejectionCode::UnknownMessage, detail, field));
        }
    };
    if found.from_agent || sender_kind(world, &found.sender) != SenderKind::Human {
        return Err(Rejection {
            cause: Some(RejectionCause::NotMessageOfPerson),
            ..invalid("message", "only a message of a person can be removed")
        });
    }
    Ok(removal)
}

fn push_removed(
    chat: &ChatId,
    removal: &Removal,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let removed = MessageRemoved {
        message: removal.message,
        kept: removal.kept.clone(),
    };
    let header = EventHeader::of_chat(chat);
    decider.push_with(Fact::MessageRemoved(removed), header)
}

/// Cancels the answers to messages that are gone.
fn cancel_answers(
    world: &World,
    chat: &ChatId,
    removal: &Removal,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let state = require_chat(world, chat, "chat")?;
    for id in state.queues.values().filter_map(|queue| queue.run()) {
        let question = world.chats.questions.get(&id);
        let is_gone = question.is_some_and(|(_, question)| removal.concerns(question));
        if let Some(run) = world.runs.get(id).filter(|_| is_gone) {
            push_cancelled(id, run, decider)?;
        }
    }
    for (agent, queue) in &state.queues {
        let current = queue.current.as_ref();
        if current.is_some_and(|current| removal.concerns(&current.question)) {
            let owner = LoopOwner {
                chat: chat.clone(),
                agent: agent.clone(),
            };
            cancel_loop(world, &owner, decider)?;
        }
    }
    Ok(())
}
