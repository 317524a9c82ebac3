//! Deduplication of commands: what makes a repeated command harmless.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use contract::{Accepted, CommandId, Commit, Rejection, RejectionCode, Seq, Timestamp};
use serde::{Deserialize, Serialize};

use crate::rejection::reject;

/// Recent commands that a world keeps. Senders give up after 30 seconds: in a busy world of 1,000
/// commands a second they cover as long.
const COMMANDS_MAX: usize = 32_768;

/// How far two clocks may be apart, the time that an append to the log takes included.
const TOLERANCE: Duration = Duration::from_secs(2);

/// No sender repeats a command for as long.
const REPEATS_MAX: Duration = Duration::from_mins(1);

/// The latest commands and their answers. A command that is older than all of them is
/// refused: the world does not know whether it acted on it, and will not act twice.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub(crate) struct CommandDedup {
    order: VecDeque<CommandId>,
    answers: HashMap<CommandId, (Accepted, Timestamp)>,
    /// No command that is forgotten by now was sent later than this, but those of `ahead`.
    forgotten: Timestamp,
    /// While commands may be repeated that were sent when clocks were ahead.
    ahead: Option<Ahead>,
}

/// Commands whose time is in the future, since they were sent while clocks were ahead.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Ahead {
    /// No such command that is forgotten by now was sent later than this.
    forgotten: Timestamp,
    /// None is repeated any more then.
    until: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    forgotten: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ahead: Option<Ahead>,
    commands: Vec<(CommandId, Seq, u32, u32, i64)>,
}

impl CommandDedup {
    pub(crate) fn record(&mut self, seq: Seq, commit: &Commit) {
        self.set_clock(commit.clock());
        let mut first = 0;
        for mark in &commit.commands {
            let accepted = Accepted {
                seq,
                first,
                events: mark.events,
            };
            first += mark.events;
            self.insert(mark.id, accepted, commit.clock());
        }
    }

    /// The answer that a command got, if it was accepted before. `clock` is that of the world's owner.
    pub(crate) fn lookup(
        &self,
        command: CommandId,
        clock: Timestamp,
    ) -> Result<Option<Accepted>, Rejection> {
        if let Some((accepted, _)) = self.answers.get(&command) {
            return Ok(Some(*accepted));
        }
        match sent_at(command) {
            Some(sent) if self.may_be_forgotten(sent, clock) => {
                let detail = "the command is older than what the world remembers: look whether it \
                              took effect before sending it anew";
                Err(reject(RejectionCode::Expired, detail, None))
            }
            _ => Ok(None),
        }
    }

    /// Keeps the commands of the commit `seq`, at `clock`, alone, and refuses all others that were sent by then.
    pub(crate) fn retain_commit(&mut self, seq: Seq, clock: Timestamp) {
        self.forgotten = clock;
        let answers = std::mem::take(&mut self.answers);
        self.order
            .retain(|id| matches!(answers.get(id), Some((accepted, _)) if accepted.seq == seq));
        let kept = self.order.iter();
        self.answers = kept
            .filter_map(|id| Some((*id, *answers.get(id)?)))
            .collect();
    }

    fn may_be_forgotten(&self, sent: Timestamp, clock: Timestamp) -> bool {
        let (forgotten, ahead) = self.forgotten_at(clock);
        sent <= forgotten
            || ahead.is_some_and(|ahead| sent > clock + TOLERANCE && sent <= ahead.forgotten)
    }

    /// What is forgotten, seen with the owner's clock at `clock`. If that is behind, the clocks were ahead before:
    /// commands that were sent since then by a clock which is right now are not older than those that are kept.
    fn forgotten_at(&self, clock: Timestamp) -> (Timestamp, Option<Ahead>) {
        if self.forgotten <= clock + TOLERANCE {
            let ahead = self.ahead.filter(|ahead| clock <= ahead.until);
            return (self.forgotten, ahead);
        }
        let ahead = Ahead {
            forgotten: self.forgotten,
            until: clock + REPEATS_MAX,
        };
        (clock - self.kept_for().max(TOLERANCE), Some(ahead))
    }

    /// The time between the oldest command that is kept and the newest.
    fn kept_for(&self) -> Duration {
        let at = |id: Option<&CommandId>| Some(self.answers.get(id?)?.1);
        match (at(self.order.front()), at(self.order.back())) {
            (Some(oldest), Some(newest)) => newest.since(oldest),
            _ => Duration::ZERO,
        }
    }

    fn set_clock(&mut self, clock: Timestamp) {
        (self.forgotten, self.ahead) = self.forgotten_at(clock);
    }

    fn insert(&mut self, command: CommandId, accepted: Accepted, clock: Timestamp) {
        if self.answers.insert(command, (accepted, clock)).is_none() {
            self.order.push_back(command);
        }
        if self.order.len() > COMMANDS_MAX
            && let Some(oldest) = self.order.pop_front()
            && let Some((_, recorded)) = self.answers.remove(&oldest)
        {
            // A commit may be decided while the one before it is appended: its time is a little before
            // that of the commands in it. A sender's clock that is far ahead must not refuse the others.
            let latest = recorded + TOLERANCE;
            let sent = sent_at(oldest).map_or(recorded, |sent| sent.min(latest));
            match &mut self.ahead {
                Some(ahead) if sent > clock + TOLERANCE => {
                    ahead.forgotten = ahead.forgotten.max(sent);
                }
                // It was sent when clocks were ahead, and is not repeated any more.
                None if sent > clock + TOLERANCE => {}
                _ => self.forgotten = self.forgotten.max(sent),
            }
        }
    }
}

/// When a command was made, by its sender's clock: a UUIDv7 has the time, an id made of a key has none.
fn sent_at(command: CommandId) -> Option<Timestamp> {
    let (seconds, nanoseconds) = command.0.get_timestamp()?.to_unix();
    let milliseconds = seconds
        .checked_mul(1000)?
        .checked_add(u64::from(nanoseconds) / 1_000_000)?;
    Some(Timestamp::from_unix_ms(i64::try_from(milliseconds).ok()?))
}

impl From<Stored> for CommandDedup {
    fn from(stored: Stored) -> Self {
        let mut dedup = Self {
            forgotten: stored.forgotten,
            ahead: stored.ahead,
            ..Self::default()
        };
        for (id, seq, first, events, at) in stored.commands {
            dedup.insert(
                id,
                Accepted { seq, first, events },
                Timestamp::from_unix_ms(at),
            );
        }
        dedup
    }
}

impl From<CommandDedup> for Stored {
    fn from(dedup: CommandDedup) -> Self {
        let commands = dedup
            .order
            .iter()
            .filter_map(|id| {
                let (accepted, at) = dedup.answers.get(id)?;
                Some((
                    *id,
                    accepted.seq,
                    accepted.first,
                    accepted.events,
                    at.as_unix_ms(),
                ))
            })
            .collect();
        Self {
            forgotten: dedup.forgotten,
            ahead: dedup.ahead,
            commands,
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test makes ids")]
mod tests {
    use contract::{CommandMark, CommitId};
    use uuid::{NoContext, Uuid};

    use super::*;

    fn command_at(second: u64) -> CommandId {
        CommandId(Uuid::new_v7(uuid::Timestamp::from_unix(
            NoContext, second, 0,
        )))
    }

    fn at(second: u64) -> Timestamp {
        Timestamp::from_unix_ms(i64::try_from(second).unwrap() * 1000)
    }

    fn commit(second: u64, id: CommandId) -> Commit {
        Commit {
            clock: None,
            rules: 0,
            id: CommitId::new(),
            at: at(second),
            wake: None,
            commands: vec![CommandMark { id, events: 1 }],
            events: Vec::new(),
        }
    }

    #[test]
    fn a_command_older_than_all_that_are_kept_is_refused() {
        let mut dedup = CommandDedup::default();
        let first = command_at(1);
        dedup.record(1, &commit(1, first));
        assert_eq!(dedup.lookup(first, at(1)).unwrap().unwrap().seq, 1);
        for n in 0..COMMANDS_MAX as u64 {
            dedup.record(n + 2, &commit(n + 2, command_at(n + 2)));
        }
        assert_eq!(dedup.order.len(), COMMANDS_MAX);
        let end = at(COMMANDS_MAX as u64 + 9);
        assert_eq!(
            dedup.lookup(command_at(0), at(1)).unwrap_err().code,
            RejectionCode::Expired
        );
        assert_eq!(
            dedup.lookup(command_at(COMMANDS_MAX as u64 + 9), end),
            Ok(None)
        );
        assert_eq!(dedup.lookup(CommandId::from_key(&["k"]), end), Ok(None));
    }

    #[test]
    fn the_commands_survive_a_snapshot() {
        let mut dedup = CommandDedup::default();
        for n in 1..=3 {
            dedup.record(n, &commit(n, command_at(n)));
        }
        let text = serde_json::to_string(&dedup).unwrap();
        let again: CommandDedup = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), text);
    }

    /// A world whose clocks show `ahead` seconds more than they should: it forgets its first commands.
    fn dedup_of_clocks_that_are_ahead(ahead: u64) -> CommandDedup {
        let mut dedup = CommandDedup::default();
        for n in 0..COMMANDS_MAX as u64 + 9 {
            dedup.record(
                n + 1,
                &commit(ahead + n / 1000, command_at(ahead + n / 1000)),
            );
        }
        dedup
    }

    #[test]
    fn clocks_that_were_ahead_lock_nobody_out() {
        const HOUR: u64 = 3600;
        for is_deleted in [false, true] {
            let mut dedup = dedup_of_clocks_that_are_ahead(HOUR);
            if is_deleted {
                dedup.retain_commit(1, at(HOUR + 33));
            }
            // The clocks are right from here on, before and behind the first commit.
            for second in 34..40 {
                let new = command_at(second);
                assert_eq!(dedup.lookup(new, at(second)), Ok(None), "{second}");
                assert!(dedup.lookup(command_at(0), at(second)).is_err());
                let mut corrected = commit(HOUR + 34, new);
                corrected.clock = Some(at(second));
                dedup.record(40_000 + second, &corrected);
                assert!(dedup.lookup(new, at(second)).unwrap().is_some());
            }
            // One that was sent while they were ahead may be one that is forgotten, as long as it may be repeated.
            let old = command_at(HOUR);
            assert!(dedup.lookup(old, at(60)).is_err());
            assert_eq!(dedup.lookup(old, at(HOUR)), Ok(None));
            // What is forgotten later counts as ever.
            for n in 0..2 * COMMANDS_MAX as u64 {
                dedup.record(
                    50_000 + n,
                    &commit(HOUR + 100 + n, command_at(HOUR + 100 + n)),
                );
            }
            assert!(dedup.lookup(command_at(HOUR + 99), at(100 * HOUR)).is_err());
        }
    }
}
