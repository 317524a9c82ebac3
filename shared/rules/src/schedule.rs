//! What is due when, and the wake-up that the broker was asked for.

use std::collections::BTreeSet;

use contract::{ApprovalId, RunId, TimerId, Timestamp};
use serde::{Deserialize, Serialize};

/// Everything of a world with a moment at which it is due.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Schedule {
    /// Soonest first.
    due: BTreeSet<(Timestamp, Due)>,
    /// The soonest wake-up that the broker was asked for.
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

    /// What is due at `now`, soonest first.
    pub(crate) fn due_at(&self, now: Timestamp) -> impl Iterator<Item = &Due> {
        let due = self.due.iter().take_while(move |(at, _)| *at <= now);
        due.map(|(_, due)| due)
    }

    /// Whether the broker was asked for a wake-up that comes after `now`, and at `due` at the latest.
    pub(crate) fn has_wake(&self, due: Timestamp, now: Timestamp) -> bool {
        self.wake.is_some_and(|wake| wake <= due && wake > now)
    }

    /// The soonest wake-up that the broker was asked for.
    #[cfg(test)]
    pub(crate) fn wake(&self) -> Option<Timestamp> {
        self.wake
    }

    /// The broker is asked for a wake-up at `wake`.
    pub(crate) fn set_wake(&mut self, wake: Timestamp) {
        self.wake = Some(wake);
    }

    /// A wake-up came at `now`. The broker sends each that it is asked for once, and its clock may be
    /// ahead: then it has to be asked again.
    pub(crate) fn wake_came(&mut self, now: Timestamp) {
        self.wake.take_if(|wake| *wake > now);
    }
}
