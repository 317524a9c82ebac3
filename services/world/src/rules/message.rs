//! Messages and custom events: what is said in a world, and who is to answer.

use contract::fact::{MessagePosted, TurnEnded};
use contract::{
    ChatId, Draft, Entity, EntityId, EntityKind, Event, Fact, MessageId, Rejection, RejectionCode,
    Target, Usage,
};

use super::state::{ChatState, World};
use super::{About, Decided, Decision, invalid, reject};

/// The longest message. A commit holds it once, and a snapshot up to 200 of them for each chat.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Answers that may wait in one chat: all that wait must fit in the commit that calls them off.
const WAITING_MAX: usize = 500;
/// Agents that may answer one message: each is asked in the same commit.
const ANSWERERS_MAX: usize = 256;
/// The most that may be attached to an event beside what it says.
const METADATA_BYTES_MAX: usize = 64 * 1024;
/// The longest description or summary of an event.
const LINE_BYTES_MAX: usize = 4096;

pub(super) fn post(
    world: &World,
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
    let sender = decision.request.sender.clone();
    let answerers = answerers(world, state, &sender, text);
    if answerers.len() > ANSWERERS_MAX {
        let detail = format!(
            "{} agents would answer; at most {ANSWERERS_MAX} can: name some with @",
            answerers.len()
        );
        return Err(reject(
            RejectionCode::TooLarge,
            detail,
            Some("text".to_owned()),
        ));
    }
    let waiting: usize = state
        .answering
        .values()
        .map(|answering| answering.waiting.len())
        .sum();
    if !answerers.is_empty() && waiting + answerers.len() > WAITING_MAX {
        let detail = format!("{waiting} answers wait in the chat {chat}; at most {WAITING_MAX} do");
        return Err(reject(RejectionCode::Busy, detail, None));
    }
    let posted = MessagePosted {
        text: text.to_owned(),
        turn: id,
        in_reply_to,
        answerers,
        usage: None,
    };
    push(chat, &sender, posted, decision)
}

/// An agent's own message, in answer to `question`.
pub(super) fn answer(
    world: &World,
    chat: &ChatId,
    agent: &EntityId,
    text: &str,
    question: (MessageId, MessageId),
    usage: Option<Usage>,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let (message, turn) = question;
    let Some(state) = world.chats.get(chat) else {
        return Ok(());
    };
    // What an agent says is cut, never refused: it can't say it any better.
    let text = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
    let mut answerers = answerers(world, state, agent, text);
    let limit = world
        .description
        .as_ref()
        .map_or(0, |description| description.turn_limit);
    let relayed = world.turns.get(&turn).map_or(0, |turn| turn.relayed);
    answerers.truncate(usize::try_from(limit.saturating_sub(relayed)).unwrap_or(0));
    let posted = MessagePosted {
        text: text.replace('\0', ""),
        turn,
        in_reply_to: Some(message),
        answerers,
        usage,
    };
    push(chat, agent, posted, decision)
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

/// Who answers a message: the agents that it mentions; when it mentions none, every agent of the
/// chat if a person spoke, and nobody if an agent did.
fn answerers(world: &World, chat: &ChatState, sender: &EntityId, text: &str) -> Vec<EntityId> {
    let takes_part = |entity: &&Entity| {
        entity.kind == EntityKind::Agent
            && entity.id != *sender
            && (chat.chat.agents.is_empty() || chat.chat.agents.contains(&entity.id))
    };
    let mentions = mentions(text);
    let agents = || world.entities.values().filter(takes_part);
    let mentioned: Vec<EntityId> = agents()
        .filter(|agent| mentions.iter().any(|mention| is_called(agent, mention)))
        .map(|agent| agent.id.clone())
        .collect();
    let from_agent = world
        .entities
        .get(sender)
        .is_some_and(|entity| entity.kind == EntityKind::Agent);
    if from_agent || !mentioned.is_empty() {
        return mentioned;
    }
    agents().map(|agent| agent.id.clone()).collect()
}

/// The words behind each `@` that begins a word.
fn mentions(text: &str) -> Vec<&str> {
    let is_word = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-');
    text.match_indices('@')
        .filter(|(at, _)| !text[..*at].chars().next_back().is_some_and(is_word))
        .map(|(at, _)| {
            let word = &text[at + 1..];
            &word[..word
                .find(|character| !is_word(character))
                .unwrap_or(word.len())]
        })
        .filter(|word| !word.is_empty())
        .collect()
}

fn is_called(agent: &Entity, mention: &str) -> bool {
    agent.id.as_str().eq_ignore_ascii_case(mention)
        || agent.name.to_lowercase() == mention.to_lowercase()
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

pub(super) fn send_events(
    world: &World,
    drafts: &[Draft],
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    if drafts.is_empty() {
        return Err(invalid("events", "at least one event"));
    }
    for (index, draft) in drafts.iter().enumerate() {
        let sender = decision.request.sender.clone();
        send(world, draft, sender, &format!("events[{index}]"), decision)?;
    }
    Ok(())
}

/// A custom event; `field` is where it stands in what was sent.
pub(super) fn send(
    world: &World,
    draft: &Draft,
    sender: EntityId,
    field: &str,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    check_draft(world, draft, field)?;
    let event = Event {
        id: decision.next_id(),
        event_type: draft.event_type.clone(),
        sender,
        target: draft.target.clone(),
        chat: draft.chat.clone(),
        causation: draft.causation,
        correlation: draft.correlation,
        trace: decision.request.trace.clone(),
        schema: draft.schema.clone(),
        description: draft.description.clone(),
        summary: draft.summary.clone(),
        metadata: draft.metadata.clone(),
        data: draft.data.clone(),
    };
    decision.events.push(Decided { event, fact: None });
    Ok(())
}

pub(super) fn check_draft(world: &World, draft: &Draft, field: &str) -> Result<(), Rejection> {
    if draft.event_type.is_reserved() {
        let detail = format!("only the world itself sends {}", draft.event_type);
        return Err(reject(
            RejectionCode::ReservedType,
            detail,
            Some(format!("{field}.type")),
        ));
    }
    if let Some(Target::Entities(entities)) = &draft.target {
        for entity in entities
            .iter()
            .filter(|entity| **entity != EntityId::world())
        {
            world.check_entity(entity, &format!("{field}.target"))?;
        }
    }
    if let Some(chat) = &draft.chat {
        world.check_chat(chat, &format!("{field}.chat"))?;
    }
    for (text, name) in [
        (&draft.description, "description"),
        (&draft.summary, "summary"),
    ] {
        if let Some(text) = text {
            World::check_text(text, LINE_BYTES_MAX, &format!("{field}.{name}"))?;
        }
    }
    let is_object = |metadata: &serde_json::value::RawValue| metadata.get().starts_with('{');
    if draft
        .metadata
        .as_deref()
        .is_some_and(|metadata| !is_object(metadata))
    {
        return Err(invalid(
            format!("{field}.metadata"),
            "metadata is a JSON object",
        ));
    }
    if let Some(metadata) = &draft.metadata {
        World::check_text(
            metadata.get(),
            METADATA_BYTES_MAX,
            &format!("{field}.metadata"),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_are_the_words_behind_at_signs() {
        let table = [
            ("@ada", vec!["ada"]),
            ("hi @Ada, and @bob-2!", vec!["Ada", "bob-2"]),
            ("mail a@b.org", vec![]),
            ("@ alone, @@twice", vec!["twice"]),
            ("(@ada)", vec!["ada"]),
            ("é@x @é", vec!["é"]),
        ];
        for (text, expected) in table {
            assert_eq!(mentions(text), expected, "{text}");
        }
    }
}
