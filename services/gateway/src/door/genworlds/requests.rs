//! What a connection has asked for lately: so that its client is told when that fails. Pure.

use std::collections::VecDeque;

use contract::fact::ActionFailed;
use contract::{CloudEvent, EventId, EventType};

/// Events, and runs that they asked for, that are remembered: of what is older than so many, clients
/// are told no failure.
const REMEMBERED_MAX: usize = 256;

/// What was asked for: an event or a run, and the type of the event that the client sent.
#[derive(Default)]
pub(super) struct Requests(VecDeque<(EventId, EventType)>);

/// A run that failed, and the type of the event that asked for it.
#[derive(Debug, PartialEq)]
pub(super) struct Failure {
    pub(super) asked: EventType,
    pub(super) code: String,
    pub(super) reason: String,
}

impl Requests {
    /// Remembers what is sent as `id`.
    pub(super) fn remember(&mut self, id: EventId, event_type: EventType) {
        if self.0.len() == REMEMBERED_MAX {
            self.0.pop_front();
        }
        self.0.push_back((id, event_type));
    }

    /// Follows what comes of it: the failure, if this event is one.
    pub(super) fn follow(&mut self, event: &CloudEvent) -> Option<Failure> {
        let kind = event.event_type.as_str();
        if !matches!(
            kind,
            "message.posted" | "action.requested" | "action.failed"
        ) {
            return None;
        }
        let cause = event.causationid?;
        let (_, asked) = self.0.iter().find(|(id, _)| *id == cause)?;
        let asked = asked.clone();
        if kind != "action.failed" {
            self.remember(event.id, asked);
            return None;
        }
        let failed: ActionFailed = serde_json::from_str(event.data.get()).ok()?;
        // A call that fails is told to the agent that made it.
        failed.call.is_none().then_some(Failure {
            asked,
            code: failed.code,
            reason: failed.reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use contract::CommandId;
    use serde_json::json;

    use super::super::words::tests::event;
    use super::*;

    fn caused(event_type: &str, cause: EventId, data: &str) -> CloudEvent {
        let mut event = event(event_type, data);
        event.causationid = Some(cause);
        event
    }

    #[test]
    fn what_was_asked_for_is_followed_to_its_failure() {
        let mut requests = Requests::default();
        let [mine, others] = [CommandId::new().event(0), CommandId::new().event(0)];
        requests.remember(mine, "a.b".parse().unwrap());
        for (cause, call, is_told) in [
            (mine, None, true),
            (mine, Some("c1"), false),
            (others, None, false),
        ] {
            let requested = caused("action.requested", cause, "{}");
            assert_eq!(requests.follow(&requested), None);
            let failed = json!({
                "invocation": requested.id, "call": call, "code": "c", "reason": "It broke.",
            });
            let failed = caused("action.failed", requested.id, &failed.to_string());
            let expected = is_told.then(|| Failure {
                asked: "a.b".parse().unwrap(),
                code: "c".to_owned(),
                reason: "It broke.".to_owned(),
            });
            assert_eq!(requests.follow(&failed), expected, "{cause} {call:?}");
        }
    }

    #[test]
    fn what_was_said_with_an_event_belongs_to_it() {
        let mut requests = Requests::default();
        let mine = CommandId::new().event(0);
        requests.remember(mine, "a.b".parse().unwrap());
        let said = caused("message.posted", mine, "{}");
        let requested = caused("action.requested", said.id, "{}");
        let failed = json!({"invocation": requested.id, "code": "c", "reason": "It broke."});
        let failed = caused("action.failed", requested.id, &failed.to_string());
        assert_eq!(requests.follow(&said), None);
        assert_eq!(requests.follow(&requested), None);
        assert!(requests.follow(&failed).is_some());
    }

    #[test]
    fn what_is_long_ago_is_forgotten() {
        let mut requests = Requests::default();
        for _ in 0..=REMEMBERED_MAX {
            requests.remember(CommandId::new().event(0), "a".parse().unwrap());
        }
        assert_eq!(requests.0.len(), REMEMBERED_MAX);
    }
}
