//! What is due when, and the schedule that the broker has.

use std::collections::BTreeSet;

use contract::{ApprovalId, EntityId, InteractionId, RunId, SessionId, TimerId, Timestamp};
use serde::{Deserialize, Serialize};

/// Everything of a world with a moment at which it is due.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Schedule {
    /// Soonest first.
    due: BTreeSet<(Timestamp, Due)>,
    /// The soonest schedule that the broker has.
    wake: Option<Timestamp>,
}

/// What is due at some moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Due {
    /// A timer fires.
    Timer(TimerId),
    /// A run has failed, if it has not ended.
    Deadline(RunId),
    /// Nobody is waited for any more.
    Approval(ApprovalId),
    /// An interaction has timed out, for the targets that have not ended it.
    Interaction(InteractionId),
    /// The machine of an entity has waited long enough.
    Behaviour(EntityId),
    /// An entity has had no connection for the grace period.
    Presence(EntityId),
    /// A session was idle for too long, or calls of tools of it were not ended in time.
    Session(SessionId),
}

impl Schedule {
    pub(crate) fn insert(&mut self, at: Timestamp, due: Due) {
        self.due.insert((at, due));
    }

    pub(crate) fn remove(&mut self, at: Timestamp, due: Due) {
        self.due.remove(&(at, due));
    }

    /// The soonest moment at which something is due.
    pub(crate) fn first(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// As [`first`](Self::first), of what is no timer.
    pub(crate) fn first_but_timers(&self) -> Option<Timestamp> {
        let mut others = self
            .due
            .iter()
            .filter(|(_, due)| !matches!(due, Due::Timer(_)));
        others.next().map(|(at, _)| *at)
    }

    /// What is due at `now`, soonest first.
    pub(crate) fn due_at(&self, now: Timestamp) -> impl Iterator<Item = &Due> {
        let due = self.due.iter().take_while(move |(at, _)| *at <= now);
        due.map(|(_, due)| due)
    }

    /// Whether the broker has a schedule that fires after `now`, and at `due` at the latest.
    pub(crate) fn has_wake(&self, due: Timestamp, now: Timestamp) -> bool {
        self.wake.is_some_and(|wake| wake <= due && wake > now)
    }

    /// The soonest schedule that the broker has.
    #[cfg(test)]
    pub(crate) fn wake(&self) -> Option<Timestamp> {
        self.wake
    }

    /// A schedule at `wake` was requested.
    pub(crate) fn set_wake(&mut self, wake: Timestamp) {
        self.wake = Some(wake);
    }

    /// A schedule fired at `now`. The broker fires each once, and its clock may be ahead: then
    /// another one is needed.
    pub(crate) fn wake_came(&mut self, now: Timestamp) {
        self.wake.take_if(|wake| *wake > now);
    }
}
