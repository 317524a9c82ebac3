//! The latest requests of a connection, so that its client learns when what they caused fails. Pure.

use std::collections::VecDeque;

use contract::fact::ActionFailed;
use contract::{CloudEvent, EventId, EventType};

/// Events, and the runs that they caused, that are tracked: 256, beside those that may wait in the
/// connection's pipeline. Failures of older ones are not reported.
const TRACKED_MAX: usize = 256 + 512;

/// The events of a client and the runs that they caused, each with the type of the client's event.
#[derive(Default)]
pub(crate) struct RequestTracker(VecDeque<(EventId, EventType)>);

/// A run that failed, and the type of the event that caused it.
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
            "message.posted" | "action.requested" | "action.failed"
        ) {
            return None;
        }
        let cause = event.causationid?;
        let (_, request_type) = self.0.iter().find(|(id, _)| *id == cause)?;
        let request_type = request_type.clone();
        if kind != "action.failed" {
            self.track(event.id, request_type);
            return None;
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
    fn old_requests_are_dropped() {
        let mut requests = RequestTracker::default();
        for _ in 0..=TRACKED_MAX {
            requests.track(CommandId::new().event(0), "a".parse().unwrap());
        }
        assert_eq!(requests.0.len(), TRACKED_MAX);
    }
}
