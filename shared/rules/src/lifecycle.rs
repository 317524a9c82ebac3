//! A world between its commits: what is due next, and which commands it knows.

use contract::{
    Accepted, ChatId, Command, CommandId, Commit, MessageId, Quota, Rejection, Seq, Timestamp,
};

use crate::chats::RecalledMessage;
use crate::follow_up::has_work;
use crate::quota;
use crate::world::World;

impl World {
    /// The soonest moment at which something is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        if self.applying.is_some() || has_work(self) {
            return Some(self.at);
        }
        match quota::is_used_up(self) {
            true => self.schedule.first_but_timers(),
            false => self.schedule.first(),
        }
    }

    /// Sets the most that the log of any world may hold: the commands that follow are refused when it is used up.
    pub fn set_quota_max(&mut self, max: Quota) {
        self.quota.set_max(max);
    }

    /// The wake-up that must be requested from the broker at `now`, if it is not requested yet.
    pub fn wake_wanted(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.next_due()?;
        (!self.schedule.has_wake(due, now)).then_some(due)
    }

    /// A wake-up came at `now`. The broker sends each that is requested once, and its clock may be
    /// ahead: then it has to be requested again.
    pub fn woken(&mut self, now: Timestamp) {
        self.schedule.wake_came(now);
    }

    /// The answer that a command got, if it was accepted before. `clock` is what the clock of the world's owner
    /// shows.
    ///
    /// # Errors
    /// [`RejectionCode::Expired`](contract::RejectionCode::Expired) when the command is older than
    /// what is remembered.
    pub fn lookup_command(
        &self,
        command: CommandId,
        clock: Timestamp,
    ) -> Result<Option<Accepted>, Rejection> {
        self.dedup.lookup(command, clock)
    }

    /// The message that a command needs from the archive: the state does not keep it any more, if the chat
    /// ever had it.
    pub fn message_to_recall(&self, command: &Command) -> Option<(&ChatId, MessageId)> {
        self.chats.message_to_recall(command)
    }

    /// Gives the commands that follow a message from the archive, or takes it back.
    pub fn set_recalled_message(&mut self, recalled: Option<RecalledMessage>) {
        self.chats.set_recalled(recalled);
    }

    /// How many times messages were removed since this state was loaded: what was read from the archive
    /// before the last time is not true any more.
    pub fn removals(&self) -> u64 {
        self.chats.removals()
    }

    /// Seals a commit whose events are applied: nothing is added to it any more.
    pub fn seal(&mut self, commit: &Commit) {
        self.at = commit.at;
        self.streams.seal();
        self.behaviours.seal();
        if let Some(wake) = commit.wake {
            self.schedule.set_wake(wake);
        }
    }

    /// Notes that a commit which was sealed is in the log at `seq`.
    pub fn mark_durable(&mut self, seq: Seq, commit: &Commit) {
        self.seq = seq;
        self.streams.mark_durable(seq);
        self.dedup.record(seq, commit);
    }
}
