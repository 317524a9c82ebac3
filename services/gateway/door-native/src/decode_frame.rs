//! The frames of clients on a WebSocket.

use std::collections::BTreeMap;

use contract::http::{CancelRunFrame, PingFrame, PostMessageFrame, RunRequest, StopChatFrame};
use contract::{Command, CommandId, EntityId, WorldId};
use door_kit::{Clock, Principal, Problem, parse_json};
use serde_json::value::RawValue;

use crate::interactions::{
    REQUEST_FIELDS, RESULT_FIELDS, cancel_command, complete_frame_command, request_command,
};
use crate::parsed_events::ParsedEvents;
use crate::responses::{FieldNames, sender_or_world};

/// A frame of a client: `{"type": …, "ref": …, …}`. The reply has the same `ref`.
pub(crate) struct ClientFrame {
    pub(crate) reference: Option<String>,
    pub(crate) request: Result<FrameRequest, Problem>,
}

/// The request of a frame.
pub(crate) enum FrameRequest {
    Ping,
    /// A command of this sender.
    Command {
        id: CommandId,
        sender: EntityId,
        command: Box<Command>,
        /// The fields that have other names in the frame than in the command.
        fields: FieldNames,
    },
}

type Fields = BTreeMap<String, Box<RawValue>>;

impl ClientFrame {
    pub(crate) fn decode(
        text: &str,
        world: &WorldId,
        principal: &Principal,
        clock: &Clock,
    ) -> Self {
        let mut fields: Fields = match parse_json(text.as_bytes()) {
            Ok(fields) => fields,
            Err(problem) => {
                return Self {
                    reference: None,
                    request: Err(problem),
                };
            }
        };
        match take_text(&mut fields, "ref") {
            Ok(reference) => Self {
                reference,
                request: decode_request(fields, world, principal, clock),
            },
            Err(problem) => Self {
                reference: None,
                request: Err(problem),
            },
        }
    }
}

fn decode_request(
    mut fields: Fields,
    world: &WorldId,
    principal: &Principal,
    clock: &Clock,
) -> Result<FrameRequest, Problem> {
    let kind = take_text(&mut fields, "type")?
        .ok_or_else(|| Problem::invalid("type", "a frame has a type"))?;
    let key = take_text(&mut fields, "idempotency_key")?;
    let id = match key {
        Some(key) => CommandId::from_key(&[&principal.idempotency_scope(), world.as_str(), &key]),
        None => clock.new_command_id(),
    };
    let body = serde_json::to_vec(&fields).unwrap_or_default();
    let renamed = |(sender, command), fields| {
        Ok(FrameRequest::Command {
            id,
            sender,
            command: Box::new(command),
            fields,
        })
    };
    let command = |sender, command| renamed((sender, command), &[]);
    match kind.as_str() {
        "ping" => parse_json(&body).map(|PingFrame {}| FrameRequest::Ping),
        "post_message" => {
            let PostMessageFrame {
                chat,
                sender,
                text,
                in_reply_to,
            } = parse_json(&body)?;
            let post = Command::PostMessage {
                chat,
                text,
                in_reply_to,
            };
            command(sender, post)
        }
        "send_events" => {
            let ParsedEvents { sender, events, .. } = ParsedEvents::from_json(&body)?;
            let message = None;
            command(sender, Command::SendEvents { events, message })
        }
        "request_action" => {
            let body: RunRequest = parse_json(&body)?;
            let request = Command::RequestAction {
                action: body.action,
                entity: body.agent,
                arguments: body.arguments,
                deadline: body.deadline,
            };
            command(sender_or_world(body.sender), request)
        }
        "cancel" => {
            let CancelRunFrame { run } = parse_json(&body)?;
            command(EntityId::world(), Command::CancelRun { run })
        }
        "stop_chat" => {
            let StopChatFrame { chat } = parse_json(&body)?;
            command(EntityId::world(), Command::StopChat { chat })
        }
        "request_interaction" => {
            let request = request_command(parse_json(&body)?, clock.now())?;
            renamed(request, REQUEST_FIELDS)
        }
        "cancel_interaction" => renamed(cancel_command(parse_json(&body)?), &[]),
        "complete_interaction" => {
            renamed(complete_frame_command(parse_json(&body)?), RESULT_FIELDS)
        }
        other => Err(Problem::invalid(
            "type",
            format!("there is no frame {other:?}"),
        )),
    }
}

/// Removes a text from a frame.
fn take_text(fields: &mut Fields, name: &str) -> Result<Option<String>, Problem> {
    let Some(value) = fields.remove(name) else {
        return Ok(None);
    };
    serde_json::from_str(value.get())
        .map(Some)
        .map_err(|_| Problem::invalid(name, format!("{name} is a text")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> ClientFrame {
        let principal = Principal::from_key(1, std::sync::Arc::default());
        let (world, clock) = ("lobby".parse().unwrap(), Clock::default());
        ClientFrame::decode(text, &world, &principal, &clock)
    }

    #[test]
    fn an_invalid_frame_is_refused_with_its_reference_and_its_field() {
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
                r#"{"ref":"a","type":"request_interaction","requester":"ada","targets":[7]}"#,
                Some("a"),
                Some("targets[0]"),
            ),
            (
                r#"{"type":"request_interaction","requester":"ada","targets":["w"],"timeout_seconds":0}"#,
                None,
                Some("timeout_seconds"),
            ),
            (
                r#"{"type":"cancel_interaction","interaction":"x"}"#,
                None,
                Some("interaction"),
            ),
            (
                r#"{"type":"complete_interaction","interaction":"018f0000-0000-7000-8000-000000000001","ok":true}"#,
                None,
                Some("target"),
            ),
            (
                r#"{"type":"send_events","sender":"ada","events":[{"type":"a.b"}]}"#,
                None,
                Some("events[0].data"),
            ),
        ] {
            let frame = decode(text);
            assert_eq!(frame.reference.as_deref(), reference, "{text}");
            let problem = frame.request.err().unwrap();
            assert_eq!(problem.field.as_deref(), field, "{text}");
        }
    }

    #[test]
    fn an_interaction_is_requested_in_the_name_of_its_requester_and_ended_in_that_of_its_target() {
        let command = |text: &str| match decode(text).request {
            Ok(FrameRequest::Command {
                sender, command, ..
            }) => (sender.to_string(), *command),
            _ => panic!("{text}"),
        };
        let id = "018f0000-0000-7000-8000-000000000001";
        let request = r#"{"type":"request_interaction","requester":"a","targets":["w"],"samples":["x"],"idempotency_key":"k"}"#;
        let (sender, request) = command(request);
        assert!(matches!(request, Command::RequestInteraction(new) if new.samples.is_some()));
        let cancel = format!(r#"{{"type":"cancel_interaction","interaction":"{id}"}}"#);
        let (canceller, cancel) = command(&cancel);
        assert!(matches!(cancel, Command::CancelInteraction { .. }));
        let result = format!(
            r#"{{"type":"complete_interaction","interaction":"{id}","target":"w","ok":true,"samples":["yes"]}}"#
        );
        let (target, result) = command(&result);
        assert!(
            matches!(result, Command::CompleteInteraction { ok: true, samples, .. } if samples[0].get() == "\"yes\"")
        );
        assert_eq!([sender, canceller, target], ["a", "world", "w"]);
    }

    #[test]
    fn the_same_key_is_the_same_command() {
        let id = |text: &str| match decode(text).request {
            Ok(FrameRequest::Command { id, .. }) => id,
            _ => panic!("{text}"),
        };
        let stop = r#"{"type":"stop_chat","chat":"c","idempotency_key":"k"}"#;
        assert_eq!(id(stop), id(stop));
        let anew = r#"{"type":"stop_chat","chat":"c"}"#;
        assert_ne!(id(anew), id(anew));
    }
}
