//! Deduplication of commands: what makes a repeated command harmless.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use contract::{Accepted, CommandId, Commit, Rejection, RejectionCode, Seq, Timestamp};
use serde::{Deserialize, Serialize};

use crate::rejection::reject;

/// Recent commands that a world keeps. Senders give up after 30 seconds: in a busy world of 1,000
/// commands a second they cover as long.
const COMMANDS_MAX: usize = 32_768;

/// How long an append to the log may take.
const APPEND_TIME_MAX: Duration = Duration::from_secs(2);

/// The latest commands and their answers. A command that is older than all of them is
/// refused: the world does not know whether it acted on it, and will not act twice.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub(crate) struct CommandDedup {
    order: VecDeque<CommandId>,
    answers: HashMap<CommandId, (Accepted, Timestamp)>,
    /// No command that is forgotten by now was sent later than this.
    forgotten: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    forgotten: Timestamp,
    commands: Vec<(CommandId, Seq, u32, u32, i64)>,
}

impl CommandDedup {
    pub(crate) fn record(&mut self, seq: Seq, commit: &Commit) {
        let mut first = 0;
        for mark in &commit.commands {
            let accepted = Accepted {
                seq,
                first,
                events: mark.events,
            };
            first += mark.events;
            self.insert(mark.id, accepted, commit.at);
        }
    }

    /// The answer that a command got, if it was accepted before.
    pub(crate) fn lookup(&self, command: CommandId) -> Result<Option<Accepted>, Rejection> {
        if let Some((accepted, _)) = self.answers.get(&command) {
            return Ok(Some(*accepted));
        }
        match sent_at(command) {
            Some(sent) if sent <= self.forgotten => {
                let detail = "the command is older than what the world remembers: look whether it \
                              took effect before sending it anew";
                Err(reject(RejectionCode::Expired, detail, None))
            }
            _ => Ok(None),
        }
    }

    /// Keeps the commands of the commit `seq`, at `at`, alone, and refuses all others that were sent by then.
    pub(crate) fn retain_commit(&mut self, seq: Seq, at: Timestamp) {
        self.forgotten = at;
        let answers = std::mem::take(&mut self.answers);
        self.order
            .retain(|id| matches!(answers.get(id), Some((accepted, _)) if accepted.seq == seq));
        let kept = self.order.iter();
        self.answers = kept
            .filter_map(|id| Some((*id, *answers.get(id)?)))
            .collect();
    }

    fn insert(&mut self, command: CommandId, accepted: Accepted, at: Timestamp) {
        if self.answers.insert(command, (accepted, at)).is_none() {
            self.order.push_back(command);
        }
        if self.order.len() > COMMANDS_MAX
            && let Some(oldest) = self.order.pop_front()
            && let Some((_, at)) = self.answers.remove(&oldest)
        {
            // A commit may be decided while the one before it is appended: its time is a little before
            // that of the commands in it. A clock that is far ahead must not refuse the others.
            let sent = sent_at(oldest).map_or(at, |sent| sent.min(at + APPEND_TIME_MAX));
            self.forgotten = self.forgotten.max(sent);
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

    fn commit(second: u64, id: CommandId) -> Commit {
        Commit {
            rules: 0,
            id: CommitId::new(),
            at: Timestamp::from_unix_ms(i64::try_from(second).unwrap() * 1000),
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
        assert_eq!(dedup.lookup(first).unwrap().unwrap().seq, 1);
        for n in 0..COMMANDS_MAX as u64 {
            dedup.record(n + 2, &commit(n + 2, command_at(n + 2)));
        }
        assert_eq!(dedup.order.len(), COMMANDS_MAX);
        assert_eq!(
            dedup.lookup(command_at(0)).unwrap_err().code,
            RejectionCode::Expired
        );
        assert_eq!(dedup.lookup(command_at(COMMANDS_MAX as u64 + 9)), Ok(None));
        assert_eq!(dedup.lookup(CommandId::from_key(&["k"])), Ok(None));
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
}
