//! A commit: one message of a world's log.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::{RefOr, Schema};

use crate::event::Event;
use crate::fact_kind::Work;
use crate::id::{CommandId, CommitId};
use crate::timestamp::Timestamp;

/// The position of a commit: its sequence in the log's stream. 0 is before the first.
pub type Seq = u64;

/// The events of one or more commands, appended together: all of them or none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Commit {
    /// By this the writer finds out whether an append without an answer is in the log.
    pub id: CommitId,
    /// When the world decided: the time of each of its events.
    pub at: Timestamp,
    /// What the clock of the world's owner showed, if that was behind `at`: the time of a world never goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Timestamp>,
    /// The version of the rules that decided it; 0 before there was one here. A build of older rules can't know what
    /// the world is after it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rules: u32,
    /// When something is due next, if that is sooner than what is scheduled already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake: Option<Timestamp>,
    /// The commands of this commit, in order; each owns the next `events` of the list below.
    pub commands: Vec<CommandMark>,
    /// What happened, in order.
    pub events: Vec<Event>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(version: &u32) -> bool {
    *version == 0
}

impl Commit {
    /// What the clock of the world's owner showed.
    pub fn clock(&self) -> Timestamp {
        self.clock.unwrap_or(self.at)
    }

    /// What that clock shows when the time of the world is `moment`: it passes at half the speed until the clock has
    /// caught up.
    pub fn clock_at(&self, moment: Timestamp) -> Timestamp {
        let (wait, ahead) = (moment.since(self.at), self.at.since(self.clock()));
        self.clock() + wait + wait.min(ahead)
    }

    /// Whether the dispatcher has something to do for it: a schedule, or an event that requests work.
    pub fn requests_work(&self) -> bool {
        self.wake.is_some() || self.work().next().is_some()
    }

    /// The events that request work, and which.
    pub fn work(&self) -> impl Iterator<Item = (&Event, Work)> {
        self.events
            .iter()
            .filter_map(|event| Some((event, event.event_type.built_in()?.work()?)))
    }
}

/// Which command made how many of a commit's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandMark {
    /// The command.
    pub id: CommandId,
    /// How many events it made; 0 when everything that it wants was so already.
    pub events: u32,
}

/// The place of one event: its commit and its index in it. As text `{seq}.{index}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// The commit.
    pub seq: Seq,
    /// The event's index in the commit, from 0.
    pub index: u32,
}

impl Position {
    /// The place behind all events of the commit `seq`.
    pub fn end_of(seq: Seq) -> Self {
        Self {
            seq,
            index: u32::MAX,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.index == u32::MAX {
            write!(f, "{}", self.seq)
        } else {
            write!(f, "{}.{}", self.seq, self.index)
        }
    }
}

impl utoipa::PartialSchema for Position {
    fn schema() -> RefOr<Schema> {
        crate::id::text_schema(
            "The place of an event: `{seq}.{index}`, or `{seq}` for the end of a commit.",
            "^[0-9]{1,19}([.][0-9]{1,9})?$",
            "12.0",
        )
    }
}

impl utoipa::ToSchema for Position {}

/// A text that is not `{seq}` or `{seq}.{index}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a position: use {{seq}} or {{seq}}.{{index}}")]
pub struct InvalidPosition(pub String);

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let invalid = || InvalidPosition(text.to_owned());
        // Rust reads a sign before a number as well.
        if text.contains('+') {
            return Err(invalid());
        }
        match text.split_once('.') {
            None => text.parse().map(Self::end_of).map_err(|_| invalid()),
            Some((seq, index)) => Ok(Self {
                seq: seq.parse().map_err(|_| invalid())?,
                index: index.parse().map_err(|_| invalid())?,
            }),
        }
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_world_that_is_ahead_passes_at_half_the_speed() {
        let second = |second: i64| Timestamp::from_unix_ms(second * 1000);
        for (clock, moment, expected) in [
            (None, 160, 160),
            (Some(40), 100, 40),
            (Some(40), 130, 100),
            (Some(40), 160, 160),
            (Some(40), 200, 200),
        ] {
            let commit = Commit {
                id: CommitId::new(),
                at: second(100),
                clock: clock.map(second),
                rules: 0,
                wake: None,
                commands: Vec::new(),
                events: Vec::new(),
            };
            assert_eq!(
                commit.clock_at(second(moment)),
                second(expected),
                "{moment}"
            );
        }
    }

    #[test]
    fn a_position_survives_its_text_and_keeps_its_order() {
        let positions: Vec<Position> = ["0", "7.0", "7.12", "7", "10.3"]
            .map(|text| text.parse().unwrap())
            .into();
        assert!(positions.is_sorted());
        let texts: Vec<String> = positions.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["0", "7.0", "7.12", "7", "10.3"]);
        for bad in ["", "x", "1.", ".1", "-1", "+1", "1.+2", "1.2.3"] {
            assert_eq!(bad.parse::<Position>(), Err(InvalidPosition(bad.into())));
        }
    }
}
