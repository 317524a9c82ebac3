//! The latest requests of a connection, so that its client learns when what they caused fails, or has no
//! answer. Pure.

use std::collections::VecDeque;

use contract::chat::Unanswered;
use contract::fact::{ActionFailed, TurnEnded};
use contract::{CloudEvent, EventId, EventType};

/// Events, and the runs that they caused, that are tracked: 256, beside those that may wait in the
/// connection's pipeline. Failures of older ones are not reported.
const TRACKED_MAX: usize = 256 + 512;

/// The events of a client and the runs that they caused, each with the type of the client's event.
#[derive(Default)]
pub(crate) struct RequestTracker(VecDeque<(EventId, EventType)>);

/// The code of a message that nobody answered.
const UNANSWERED: &str = "unanswered";

/// A run that failed or a message that nobody answered, and the type of the event that caused it.
#[derive(Debug, PartialEq)]
pub(crate) struct RunFailure {
    pub(crate) request_type: EventType,
    pub(crate) code: String,
    pub(crate) reason: String,
}

impl RequestTracker {
    /// Tracks what the event `id` of the client causes.
    pub(crate) fn track(&mut self, id: EventId, event_type: EventType) {
        if self.0.len() == TRACKED_MAX {
            self.0.pop_front();
        }
        self.0.push_back((id, event_type));
    }

    /// Tracks what this event causes, if it follows from a tracked one; returns the failure if it is
    /// one.
    pub(crate) fn observe(&mut self, event: &CloudEvent) -> Option<RunFailure> {
        let kind = event.event_type.as_str();
        if !matches!(
            kind,
            "message.posted" | "action.requested" | "action.failed" | "chat.turn_ended"
        ) {
            return None;
        }
        let cause = event.causationid?;
        let (_, request_type) = self.0.iter().find(|(id, _)| *id == cause)?;
        let request_type = request_type.clone();
        match kind {
            "action.failed" => {}
            "chat.turn_ended" => return unanswered(event, request_type),
            _ => {
                self.track(event.id, request_type);
                return None;
            }
        }
        let failed: ActionFailed = serde_json::from_str(event.data.get()).ok()?;
        // The failure of a tool call goes to the agent that made it.
        failed.call.is_none().then_some(RunFailure {
            request_type,
            code: failed.code,
            reason: failed.reason,
        })
    }
}

/// Why nobody answered the message of a turn. The failures of its agents were reported already.
fn unanswered(event: &CloudEvent, request_type: EventType) -> Option<RunFailure> {
    let ended: TurnEnded = serde_json::from_str(event.data.get()).ok()?;
    let reason = ended.unanswered?;
    (reason != Unanswered::Failed).then(|| RunFailure {
        request_type,
        code: UNANSWERED.to_owned(),
        reason: reason.detail().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use contract::CommandId;
    use serde_json::json;

    use super::*;
    use crate::mapping::tests::event;

    fn caused(event_type: &str, cause: EventId, data: &str) -> CloudEvent {
        let mut event = event(event_type, data);
        event.causationid = Some(cause);
        event
    }

    #[test]
    fn a_request_is_tracked_to_the_failure_of_its_run() {
        let mut requests = RequestTracker::default();
        let [mine, others] = [CommandId::new().event(0), CommandId::new().event(0)];
        requests.track(mine, "a.b".parse().unwrap());
        for (cause, call, is_reported) in [
            (mine, None, true),
            (mine, Some("c1"), false),
            (others, None, false),
        ] {
            let requested = caused("action.requested", cause, "{}");
            assert_eq!(requests.observe(&requested), None);
            let failed = json!({
                "invocation": requested.id, "call": call, "code": "c", "reason": "It broke.",
            });
            let failed = caused("action.failed", requested.id, &failed.to_string());
            let expected = is_reported.then(|| RunFailure {
                request_type: "a.b".parse().unwrap(),
                code: "c".to_owned(),
                reason: "It broke.".to_owned(),
            });
            assert_eq!(requests.observe(&failed), expected, "{cause} {call:?}");
        }
    }

    #[test]
    fn the_message_of_an_event_is_tracked_with_it() {
        let mut requests = RequestTracker::default();
        let mine = CommandId::new().event(0);
        requests.track(mine, "a.b".parse().unwrap());
        let posted = caused("message.posted", mine, "{}");
        let requested = caused("action.requested", posted.id, "{}");
        let failed = json!({"invocation": requested.id, "code": "c", "reason": "It broke."});
        let failed = caused("action.failed", requested.id, &failed.to_string());
        assert_eq!(requests.observe(&posted), None);
        assert_eq!(requests.observe(&requested), None);
        assert!(requests.observe(&failed).is_some());
    }

    #[test]
    fn a_message_that_nobody_answers_is_reported_to_its_sender() {
        let mut requests = RequestTracker::default();
        let [mine, others] = [CommandId::new().event(0), CommandId::new().event(0)];
        requests.track(mine, "a.b".parse().unwrap());
        for (cause, unanswered, detail) in [
            (
                mine,
                Some(Unanswered::NoAgents),
                Some("no agent takes part in this chat"),
            ),
            (mine, Some(Unanswered::Failed), None),
            (mine, None, None),
            (others, Some(Unanswered::NoAgents), None),
        ] {
            let posted = caused("message.posted", cause, "{}");
            assert_eq!(requests.observe(&posted), None);
            let ended = json!({"turn": posted.id, "unanswered": unanswered});
            let ended = caused("chat.turn_ended", posted.id, &ended.to_string());
            let found = requests.observe(&ended);
            let expected = detail.map(|detail| (UNANSWERED, detail));
            let found = found.as_ref();
            let found = found.map(|found| (found.code.as_str(), found.reason.as_str()));
            assert_eq!(found, expected, "{unanswered:?}");
        }
    }

    #[test]
    fn old_requests_are_dropped() {
        let mut requests = RequestTracker::default();
        for _ in 0..=TRACKED_MAX {
            requests.track(CommandId::new().event(0), "a".parse().unwrap());
        }
        assert_eq!(requests.0.len(), TRACKED_MAX);
    }
}
