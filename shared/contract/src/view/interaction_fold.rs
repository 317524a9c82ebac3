//! Interactions as events make them. Pure: the same events give the same view.

use crate::fact::Fact;
use crate::id::{EntityId, InteractionId};
use crate::interaction::{InteractionEnded, InteractionRequested, TargetStatus};
use crate::timestamp::Timestamp;
use crate::view::{InteractionStatus, InteractionView, TargetView};

/// What an event changes for one target of an interaction.
#[derive(Debug, Clone, Copy)]
pub enum TargetChange<'a> {
    /// The target has accepted it.
    Accepted,
    /// The target could not do it, and it waits again.
    Returned,
    /// A run does steps of it.
    Running,
    /// So many of its steps are done.
    Progressed(u32),
    /// It has ended.
    Ended(&'a InteractionEnded),
}

impl<'a> TargetChange<'a> {
    /// The change, and which interaction and target it concerns; none for any other fact.
    pub fn of(fact: &'a Fact) -> Option<(InteractionId, &'a EntityId, Self)> {
        match fact {
            Fact::InteractionAccepted(accepted) => {
                Some((accepted.interaction, &accepted.target, Self::Accepted))
            }
            Fact::InteractionReturned(returned) => {
                Some((returned.interaction, &returned.target, Self::Returned))
            }
            Fact::ActionRequested(requested) => {
                let step = requested.interaction?;
                Some((step.id, &requested.entity, Self::Running))
            }
            Fact::InteractionProgressed(progressed) => {
                let change = Self::Progressed(progressed.steps_done);
                Some((progressed.interaction, &progressed.target, change))
            }
            Fact::InteractionEnded(ended) => {
                Some((ended.interaction, &ended.target, Self::Ended(ended)))
            }
            _ => None,
        }
    }

    /// The status of the target from now on.
    pub fn status(self) -> TargetStatus {
        match self {
            Self::Accepted | Self::Progressed(_) => TargetStatus::Accepted,
            Self::Returned => TargetStatus::Waiting,
            Self::Running => TargetStatus::Running,
            Self::Ended(ended) => ended.status.into(),
        }
    }

    /// How many of its steps are done from now on, if that changes.
    pub fn steps_done(self) -> Option<u32> {
        match self {
            Self::Accepted | Self::Returned | Self::Running => None,
            Self::Progressed(steps_done) => Some(steps_done),
            Self::Ended(ended) => Some(ended.steps_done),
        }
    }
}

impl InteractionView {
    /// An interaction as its request makes it: every target waits.
    pub fn requested(
        id: InteractionId,
        requester: &EntityId,
        at: Timestamp,
        requested: &InteractionRequested,
    ) -> Self {
        let waiting = |target: &EntityId| TargetView {
            target: target.clone(),
            status: TargetStatus::Waiting,
            steps_done: 0,
            steps: requested.steps,
            reason: None,
            detail: None,
            state: None,
            ended_at: None,
            output: Vec::new(),
        };
        Self {
            id,
            requester: requester.clone(),
            action: requested.action.clone(),
            status: InteractionStatus::Open,
            requested_at: at,
            deadline: requested.deadline,
            ended_at: None,
            targets: requested.targets.iter().map(waiting).collect(),
        }
    }

    /// Applies a fact of a commit at this time. What concerns another interaction, or a target that
    /// has ended, changes nothing. Samples that a target writes are noted with its end.
    pub fn apply(&mut self, fact: &Fact, at: Timestamp) {
        let Some((id, target, change)) = TargetChange::of(fact) else {
            return;
        };
        if id != self.id {
            return;
        }
        let mut targets = self.targets.iter_mut();
        let Some(view) = targets.find(|view| view.target == *target && view.ended_at.is_none())
        else {
            return;
        };
        view.apply(change, at);
        if self.targets.iter().all(|view| view.ended_at.is_some()) {
            self.status = InteractionStatus::Ended;
            self.ended_at = Some(at);
        }
    }
}

impl TargetView {
    fn apply(&mut self, change: TargetChange<'_>, at: Timestamp) {
        self.status = change.status();
        self.steps_done = change.steps_done().unwrap_or(self.steps_done);
        if let TargetChange::Ended(ended) = change {
            self.reason.clone_from(&ended.reason);
            self.detail.clone_from(&ended.detail);
            self.state.clone_from(&ended.state);
            self.output.clone_from(&ended.output);
            self.ended_at = Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{CommandId, EventType};

    const ID: &str = "0190b7a5-0000-7000-8000-000000000001";

    fn fact(event_type: &str, data: &Value) -> Fact {
        let event_type: EventType = event_type.parse().unwrap();
        let data = serde_json::value::to_raw_value(data).unwrap();
        Fact::parse(&event_type, &data).unwrap().unwrap()
    }

    fn requested() -> InteractionView {
        let request = fact(
            "interaction.requested",
            &json!({"action": "process", "targets": ["b", "a"], "steps": 2,
                   "deadline": "2026-01-31T12:05:00.000Z"}),
        );
        let Fact::InteractionRequested(request) = request else {
            panic!("{request:?}");
        };
        let requester = "c".parse().unwrap();
        InteractionView::requested(ID.parse().unwrap(), &requester, at(1), &request)
    }

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_unix_ms(milliseconds)
    }

    fn of(target: &str) -> Value {
        json!({"interaction": ID, "target": target})
    }

    fn ended(target: &str, status: &str) -> Value {
        json!({"interaction": ID, "target": target, "status": status, "steps_done": 2,
               "reason": "r", "detail": "d", "state": "s",
               "output": [{"stream": "a:processor", "first": 3, "last": 4, "value": 7}]})
    }

    fn run(target: &str) -> Value {
        json!({"action": "process", "agent": target, "deadline": "2026-01-31T12:05:00.000Z",
               "interaction": {"id": ID, "first": 0, "count": 2}})
    }

    #[test]
    fn each_event_has_its_status() {
        let progressed = json!({"interaction": ID, "target": "a", "steps_done": 1});
        for (event_type, data, status, steps_done) in [
            ("interaction.accepted", of("a"), TargetStatus::Accepted, 0),
            ("action.requested", run("a"), TargetStatus::Running, 0),
            (
                "interaction.progressed",
                progressed,
                TargetStatus::Accepted,
                1,
            ),
            (
                "interaction.ended",
                ended("a", "left"),
                TargetStatus::Left,
                2,
            ),
            (
                "interaction.ended",
                ended("a", "timed_out"),
                TargetStatus::TimedOut,
                2,
            ),
            // They concern nobody here.
            ("interaction.accepted", of("z"), TargetStatus::Waiting, 0),
            (
                "entity.removed",
                json!({"entity": "a"}),
                TargetStatus::Waiting,
                0,
            ),
        ] {
            let mut view = requested();
            view.apply(&fact(event_type, &data), at(2));
            let [other, target] = &view.targets[..] else {
                panic!("{view:?}");
            };
            assert_eq!(
                (target.status, target.steps_done),
                (status, steps_done),
                "{event_type}"
            );
            assert_eq!(other.status, TargetStatus::Waiting, "{event_type}");
            assert_eq!(view.status, InteractionStatus::Open, "{event_type}");
        }
    }

    #[test]
    fn a_request_that_is_returned_waits_again() {
        let mut view = requested();
        for (event_type, data, status) in [
            ("interaction.accepted", of("a"), TargetStatus::Accepted),
            ("action.requested", run("a"), TargetStatus::Running),
            ("interaction.returned", of("a"), TargetStatus::Waiting),
            ("action.requested", run("a"), TargetStatus::Running),
        ] {
            view.apply(&fact(event_type, &data), at(2));
            assert_eq!(view.targets[1].status, status, "{event_type}");
        }
    }

    #[test]
    fn it_ends_with_the_last_of_its_targets() {
        let mut view = requested();
        assert_eq!((view.requested_at, view.targets[0].steps), (at(1), 2));
        view.apply(&fact("interaction.ended", &ended("a", "completed")), at(2));
        assert_eq!(
            (view.status, view.ended_at),
            (InteractionStatus::Open, None)
        );
        view.apply(&fact("interaction.ended", &ended("b", "failed")), at(5));
        assert_eq!(
            (view.status, view.ended_at),
            (InteractionStatus::Ended, Some(at(5)))
        );
        let target = &view.targets[1];
        assert_eq!(
            (target.target.as_str(), target.ended_at),
            ("a", Some(at(2)))
        );
        assert_eq!(target.reason.as_deref(), Some("r"));
        assert_eq!(target.detail.as_deref(), Some("d"));
        assert_eq!(target.state.as_deref(), Some("s"));
        assert_eq!((target.output[0].first, target.output[0].last), (3, 4));
    }

    #[test]
    fn the_end_of_a_target_is_the_last_that_changes_it() {
        let mut view = requested();
        view.apply(&fact("interaction.ended", &ended("a", "completed")), at(2));
        let before = view.clone();
        view.apply(&fact("interaction.ended", &ended("a", "failed")), at(3));
        view.apply(&fact("action.requested", &run("a")), at(3));
        assert_eq!(view, before);
        let mut other = InteractionView {
            id: CommandId::new().event(0).interaction(),
            ..requested()
        };
        other.apply(&fact("interaction.accepted", &of("a")), at(2));
        assert_eq!(other.targets[1].status, TargetStatus::Waiting);
    }
}
