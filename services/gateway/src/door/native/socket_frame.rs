//! What a client may say over a WebSocket, and what it is answered.

use std::collections::BTreeMap;

use contract::{ChatId, Command, CommandId, EntityId, EventId, MessageId, RunId, Seq, WorldId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::events::{self, Sending};
use super::invocations::NewInvocation;
use super::shape::sender_or_world;
use crate::auth::Principal;
use crate::body;
use crate::fanout::Ready;
use crate::problem::Problem;

/// A frame of a client: `{"type": …, "ref": …, …}`. The answer carries the same `ref`.
pub(super) struct ClientFrame {
    pub(super) reference: Option<String>,
    pub(super) request: Result<Request, Problem>,
}

/// What a client wants.
pub(super) enum Request {
    /// To know that the gateway is there.
    Ping,
    /// A command, in this name.
    Command {
        id: CommandId,
        sender: EntityId,
        command: Box<Command>,
    },
}

#[derive(Deserialize)]
struct PostMessage {
    chat: ChatId,
    sender: EntityId,
    text: String,
    in_reply_to: Option<MessageId>,
}

#[derive(Deserialize)]
struct Cancel {
    invocation: RunId,
}

#[derive(Deserialize)]
struct StopChat {
    chat: ChatId,
}

#[derive(Deserialize)]
struct Nothing {}

/// A frame of the gateway, beside events and chunks.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerFrame {
    /// The first: behind which position the events begin.
    Ready {
        #[serde(flatten)]
        ready: Ready,
    },
    /// A command is durable.
    Accepted {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// The id of its first event: that of the message, or of the invocation.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<EventId>,
        ids: Vec<EventId>,
        seq: Seq,
    },
    /// The answer to a ping.
    Pong {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// A frame was refused.
    Error {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        problem: Problem,
    },
}

impl ClientFrame {
    pub(super) fn read(text: &str, world: &WorldId, principal: &Principal) -> Self {
        let mut object: BTreeMap<String, Box<RawValue>> = match body::parse(text.as_bytes()) {
            Ok(object) => object,
            Err(problem) => {
                return Self {
                    reference: None,
                    request: Err(problem),
                };
            }
        };
        let reference = take(&mut object, "ref");
        let request = reference
            .as_ref()
            .map(|_| ())
            .map_err(Clone::clone)
            .and_then(|()| read(object, world, principal));
        Self {
            reference: reference.ok().flatten(),
            request,
        }
    }
}

fn read(
    mut object: BTreeMap<String, Box<RawValue>>,
    world: &WorldId,
    principal: &Principal,
) -> Result<Request, Problem> {
    let kind =
        take(&mut object, "type")?.ok_or_else(|| Problem::invalid("type", "a frame has a type"))?;
    let key = take(&mut object, "idempotency_key")?;
    let id = key.map_or_else(CommandId::new, |key| {
        CommandId::from_key(&[&principal.name(), world.as_str(), &key])
    });
    let rest = serde_json::to_vec(&object).unwrap_or_default();
    let command = |sender, command| {
        Ok(Request::Command {
            id,
            sender,
            command: Box::new(command),
        })
    };
    match kind.as_str() {
        "ping" => body::parse(&rest).map(|Nothing {}| Request::Ping),
        "post_message" => {
            let PostMessage {
                chat,
                sender,
                text,
                in_reply_to,
            } = body::parse(&rest)?;
            let post = Command::PostMessage {
                chat,
                text,
                in_reply_to,
            };
            command(sender, post)
        }
        "send_events" => {
            let Sending { sender, events, .. } = events::from_json(&rest)?;
            let message = None;
            command(sender, Command::SendEvents { events, message })
        }
        "request_action" => {
            let body: NewInvocation = body::parse(&rest)?;
            let request = Command::RequestAction {
                action: body.action,
                entity: body.agent,
                arguments: body.arguments,
                deadline: body.deadline,
            };
            command(sender_or_world(body.sender), request)
        }
        "cancel" => {
            let Cancel { invocation } = body::parse(&rest)?;
            command(EntityId::world(), Command::CancelInvocation { invocation })
        }
        "stop_chat" => {
            let StopChat { chat } = body::parse(&rest)?;
            command(EntityId::world(), Command::StopChat { chat })
        }
        other => Err(Problem::invalid(
            "type",
            format!("there is no frame {other:?}"),
        )),
    }
}

/// Takes a text out of a frame.
fn take(
    object: &mut BTreeMap<String, Box<RawValue>>,
    name: &str,
) -> Result<Option<String>, Problem> {
    let Some(value) = object.remove(name) else {
        return Ok(None);
    };
    serde_json::from_str(value.get())
        .map(Some)
        .map_err(|_| Problem::invalid(name, format!("{name} is a text")))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::rate::Client;

    fn read(text: &str) -> ClientFrame {
        let principal = Principal(Arc::new(Client::Key(1)));
        ClientFrame::read(text, &"lobby".parse().unwrap(), &principal)
    }

    #[test]
    fn a_bad_frame_is_refused_with_its_reference_and_its_field() {
        for (text, reference, field) in [
            ("no json", None, None),
            ("[]", None, None),
            (r#"{"ref":"a"}"#, Some("a"), Some("type")),
            (r#"{"ref":"a","type":"dance"}"#, Some("a"), Some("type")),
            (r#"{"ref":1,"type":"ping"}"#, None, Some("ref")),
            (r#"{"ref":"a","type":"ping","x":1}"#, Some("a"), Some("x")),
            (
                r#"{"ref":"a","type":"stop_chat","chat":"a b"}"#,
                Some("a"),
                Some("chat"),
            ),
            (
                r#"{"ref":"a","type":"post_message","chat":"c","sender":"ada"}"#,
                Some("a"),
                Some("text"),
            ),
            (
                r#"{"ref":"a","type":"cancel","invocation":"x"}"#,
                Some("a"),
                Some("invocation"),
            ),
            (
                r#"{"type":"send_events","sender":"ada","events":[{"type":"a.b"}]}"#,
                None,
                Some("events[0].data"),
            ),
        ] {
            let frame = read(text);
            assert_eq!(frame.reference.as_deref(), reference, "{text}");
            let problem = frame.request.err().unwrap();
            assert_eq!(problem.field.as_deref(), field, "{text}");
        }
    }

    #[test]
    fn the_same_key_is_the_same_command() {
        let id = |text: &str| match read(text).request {
            Ok(Request::Command { id, .. }) => id,
            _ => panic!("{text}"),
        };
        let stop = r#"{"type":"stop_chat","chat":"c","idempotency_key":"k"}"#;
        assert_eq!(id(stop), id(stop));
        let anew = r#"{"type":"stop_chat","chat":"c"}"#;
        assert_ne!(id(anew), id(anew));
    }
}
