//! What a worker gets for a run of a node.

use std::collections::{BTreeMap, BTreeSet};

use contract::chat::ChatMessage;
use contract::flow::atoms::{LLM_REQUEST, content, last_user_content, messages};
use contract::flow::{FlowFrame, NodeCall, NodeContext, NodeStep, TranscriptMessage};
use contract::{EntityId, EventId, EventType, RunId};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::sessions::{OpenSession, RunningNode};
use crate::world::World;

/// What a worker needs to handle an event for a node, and the messages as a brain of chats reads them.
pub(crate) fn node_context(
    world: &World,
    run: RunId,
    entity: &EntityId,
    step: &NodeStep,
) -> Option<(NodeContext, Vec<ChatMessage>)> {
    let session = world.sessions.get(step.session)?;
    let frame = session.frame(step.event)?.clone();
    let messages = conversation(session, step, &frame);
    let content = (frame.event_type == LLM_REQUEST)
        .then(|| content(&frame.data).or_else(|| last_user_content(&messages)))
        .flatten();
    let running = session.run_at(&step.node);
    let running = running.filter(|running| running.run == run);
    let open_calls = running.map(|running| &running.calls);
    let calls = running.map(node_calls).unwrap_or_default();
    let in_chat = chat_messages(session, entity, step, &messages);
    let context = NodeContext {
        step: step.clone(),
        flow: session.flow.clone(),
        client: session.entity.clone(),
        defaults: defaults(world, &frame),
        frame,
        content,
        messages,
        variables: session.variables.clone(),
        session_context: session.context.clone(),
        open_calls: open_calls
            .into_iter()
            .flatten()
            .map(|call| call.id.clone())
            .collect(),
        calls,
    };
    Some((context, in_chat))
}

/// The messages up to an event: those of a request itself, or those of the transcript. What the client has sent
/// meanwhile, and waits behind the event, is no part of it: an answer is to its own request, whenever and however
/// often a worker reads this.
fn conversation(
    session: &OpenSession,
    step: &NodeStep,
    frame: &FlowFrame,
) -> Vec<TranscriptMessage> {
    let is_request = frame.event_type == LLM_REQUEST;
    let content = content(&frame.data).filter(|_| is_request);
    let own = messages(&frame.data);
    let mut messages: Vec<TranscriptMessage> = if is_request && !own.is_empty() {
        own
    } else {
        let node = session.nodes.get(&step.node);
        let queue = node.into_iter().flat_map(|node| &node.queue);
        let behind = queue.skip_while(|copy| copy.event != step.event).skip(1);
        let behind: BTreeSet<EventId> = behind.map(|copy| copy.event).collect();
        let is_own = |event| content.is_some() && event == step.event;
        let transcript = session.transcript.iter();
        let before = transcript.filter(|(event, _)| !behind.contains(event) && !is_own(*event));
        before.map(|(_, message)| message).collect()
    };
    // Answers to the requests before it may have come behind the content.
    if let Some(content) = content
        && last_user_content(&messages).as_ref() != Some(&content)
    {
        messages.push(TranscriptMessage {
            role: "user".to_owned(),
            content,
            interrupted: false,
        });
    }
    messages
}

/// The calls of tools of a run: those that have ended, then the others.
fn node_calls(running: &RunningNode) -> Vec<NodeCall> {
    let json = |text: &Option<String>| RawValue::from_string(text.clone()?).ok();
    let ended = running.ended.iter().map(|call| NodeCall {
        id: call.id.clone(),
        name: call.name.clone(),
        arguments: json(&call.arguments),
        by_world: false,
        result: Some(call.result.clone()),
        is_cut: call.is_cut,
    });
    let open = running.calls.iter().map(|call| NodeCall {
        id: call.id.clone(),
        name: call.name.clone(),
        arguments: json(&call.arguments),
        by_world: call.work.is_some(),
        result: None,
        is_cut: false,
    });
    ended.chain(open).collect()
}

/// The defaults of fields that an event does not have.
fn defaults(world: &World, frame: &FlowFrame) -> BTreeMap<String, Value> {
    let event_type = frame.event_type.parse::<EventType>().ok();
    let newest = event_type.and_then(|event_type| world.event_types.newest(&event_type));
    let fields = newest.and_then(|version| version.schema["properties"].as_object());
    let Some(fields) = fields else {
        return BTreeMap::new();
    };
    let data: Map<String, Value> = serde_json::from_str(frame.data.get()).unwrap_or_default();
    let missing = fields.iter().filter(|(name, _)| !data.contains_key(*name));
    let defaults =
        missing.filter_map(|(name, field)| Some((name.clone(), field.get("default")?.clone())));
    defaults.collect()
}

/// The messages as those of a chat: a brain answers the last of them.
fn chat_messages(
    session: &OpenSession,
    entity: &EntityId,
    step: &NodeStep,
    messages: &[TranscriptMessage],
) -> Vec<ChatMessage> {
    let last_user = messages.iter().rposition(|message| message.role == "user");
    let until = last_user.map_or(messages.len(), |last| last + 1);
    let id = EventId(step.event.0).message();
    let messages = messages[..until].iter().map(|message| {
        let from_agent = message.role == "assistant";
        ChatMessage {
            id,
            sender: if from_agent {
                entity.clone()
            } else {
                session.entity.clone()
            },
            from_agent,
            answerers: Vec::new(),
            text: message.content.clone(),
            at: session.active_at,
            turn: step.turn.message(),
            in_reply_to: None,
        }
    });
    messages.collect()
}
