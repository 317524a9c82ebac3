//! What went wrong: counted from the log, from the replies to clients, and from the events that they got.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bus::Bus;
use contract::{Event, Fact, MessageId, Seq, WorldId};

/// What is to be zero, and how much it was counted over.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Messages whose sender got the reply that they are durable.
    pub acknowledged: usize,
    /// Answers that agents gave.
    pub answers: usize,
    /// Events that listeners saw.
    pub received: usize,
    /// Acknowledged messages that are not in the log, answers that are missing, events that a
    /// listener or the archive missed.
    pub lost: usize,
    /// Messages or answers that are there twice, events that were received or archived twice.
    pub doubled: usize,
    /// Messages of one sender, or events of one listener, that are out of order.
    pub reordered: usize,
    /// Runs that have not ended.
    pub hung: usize,
    /// Answers that ended in failure, though every agent could answer.
    pub failed: usize,
    /// Faults that no health page named in time.
    pub unnamed: usize,
    /// Times when traffic did not go on in time.
    pub stalled: usize,
}

impl Counts {
    /// Whether nothing went wrong.
    pub fn is_clean(&self) -> bool {
        let Self {
            lost,
            doubled,
            reordered,
            hung,
            failed,
            unnamed,
            stalled,
            ..
        } = self;
        [lost, doubled, reordered, hung, failed, unnamed, stalled]
            .iter()
            .all(|count| **count == 0)
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.answers += other.answers;
        self.received += other.received;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.reordered += other.reordered;
        self.hung += other.hung;
        self.failed += other.failed;
        self.unnamed += other.unnamed;
        self.stalled += other.stalled;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "acknowledged {} answers {} received {} | lost {} doubled {} reordered {} hung {} failed {} \
             unnamed {} stalled {}",
            self.acknowledged,
            self.answers,
            self.received,
            self.lost,
            self.doubled,
            self.reordered,
            self.hung,
            self.failed,
            self.unnamed,
            self.stalled
        )
    }
}

/// The events of a world, with the place of each.
pub type Log = Vec<(String, Event)>;

/// Reads the whole log of a world.
///
/// # Panics
/// When it can't be read.
pub async fn read_log(bus: &Bus, world: &WorldId) -> Log {
    let (mut log, mut after): (Log, Seq) = (Vec::new(), 0);
    loop {
        let entries = bus.log().read(world, after).await.expect("the log");
        let Some(last) = entries.last() else {
            return log;
        };
        after = last.seq;
        for entry in &entries {
            let commit = entry.commit().expect("a commit");
            let events = commit.events.into_iter().enumerate();
            log.extend(events.map(|(index, event)| (format!("{}.{index}", entry.seq), event)));
        }
    }
}

/// Counts what became of acknowledged messages, in the order in which each sender sent them.
pub fn messages(log: &Log, acknowledged: &[Vec<MessageId>]) -> Counts {
    let mut places = BTreeMap::<MessageId, Vec<usize>>::new();
    for (place, (_, event)) in log.iter().enumerate() {
        if event.event_type.as_str() == "message.posted" {
            places.entry(event.id.message()).or_default().push(place);
        }
    }
    let mut counts = Counts::default();
    for sent in acknowledged {
        counts.acknowledged += sent.len();
        let mut before = None;
        for message in sent {
            let found = places.get(message).map_or(&[][..], Vec::as_slice);
            counts.lost += usize::from(found.is_empty());
            counts.doubled += found.len().saturating_sub(1);
            let place = found.first().copied();
            counts.reordered += usize::from(place.is_some() && place < before);
            before = place.or(before);
        }
    }
    counts
}

/// Counts the answers: each agent that was to answer a message did, once.
///
/// # Panics
/// When the log holds an event that can't be read.
pub fn answers(log: &Log) -> Counts {
    let mut wanted = BTreeSet::new();
    let mut given = BTreeMap::<_, usize>::new();
    let mut open = BTreeSet::new();
    let mut counts = Counts::default();
    for (_, event) in log {
        match Fact::parse(&event.event_type, &event.data).expect("a fact") {
            Some(Fact::MessagePosted(posted)) => {
                let message = event.id.message();
                wanted.extend(posted.answerers.into_iter().map(|agent| (message, agent)));
                if let Some(question) = posted.in_reply_to {
                    *given.entry((question, event.sender.clone())).or_default() += 1;
                }
            }
            Some(Fact::ActionRequested(_)) => {
                open.insert(event.id.run());
            }
            Some(Fact::ActionCompleted(ended)) => {
                counts.doubled += usize::from(!open.remove(&ended.run));
            }
            Some(Fact::ActionFailed(ended)) => {
                counts.failed += 1;
                open.remove(&ended.run);
            }
            _ => {}
        }
    }
    counts.hung = open.len();
    counts.answers = given.values().sum();
    counts.doubled += given.values().map(|times| times - 1).sum::<usize>();
    counts.lost += wanted
        .iter()
        .filter(|answer| !given.contains_key(*answer))
        .count();
    counts
}

/// Compares the places and ids of the events that the archive has with the log: these, all of them, once, in order.
pub fn archived(log: &Log, archived: &[(String, String)]) -> Counts {
    let ids: BTreeMap<&str, String> = log
        .iter()
        .map(|(position, event)| (position.as_str(), event.id.to_string()))
        .collect();
    let is_of_log = |(place, id): &&(String, String)| ids.get(place.as_str()) == Some(id);
    let (same, others): (Vec<_>, Vec<_>) = archived.iter().partition(is_of_log);
    let places: Vec<String> = same.into_iter().map(|(place, _)| place.clone()).collect();
    let counts = received(log, &places);
    Counts {
        received: 0,
        // What the log does not have is in the place of something that it has.
        doubled: counts.doubled + others.len(),
        ..counts
    }
}

/// Compares what a listener has received with the log: all of it, once, in order.
pub fn received(log: &Log, received: &[String]) -> Counts {
    let places: BTreeMap<&str, usize> = log
        .iter()
        .enumerate()
        .map(|(place, (position, _))| (position.as_str(), place))
        .collect();
    let once: BTreeSet<&String> = received.iter().collect();
    let mut counts = Counts {
        received: received.len(),
        doubled: received.len() - once.len(),
        lost: log
            .iter()
            .filter(|(position, _)| !once.contains(position))
            .count(),
        ..Counts::default()
    };
    let received_places: Vec<_> = received
        .iter()
        .map(|position| places.get(position.as_str()))
        .collect();
    counts.reordered = received_places
        .windows(2)
        .filter(|pair| pair[0] > pair[1])
        .count();
    counts
}

#[cfg(test)]
mod tests {
    use contract::CommandId;
    use serde_json::value::to_raw_value;

    use super::*;

    fn posted(n: u32) -> (String, Event) {
        let id = CommandId(uuid::Uuid::from_u128(u128::from(n) << 64)).event(0);
        let data = contract::fact::MessagePosted {
            text: "x".into(),
            turn: id.message(),
            in_reply_to: None,
            answerers: vec!["ada".parse().unwrap()],
            notice: false,
            from_agent: false,
            sender_kind: None,
            unknown_mention: None,
            unanswered: None,
            truncated: false,
            usage: None,
        };
        let event = Event {
            id,
            event_type: "message.posted".parse().unwrap(),
            sender: "guest".parse().unwrap(),
            target: None,
            chat: None,
            causation: None,
            correlation: None,
            trace: None,
            schema: None,
            description: None,
            summary: None,
            metadata: None,
            data: to_raw_value(&data).unwrap(),
        };
        (format!("{n}.0"), event)
    }

    #[test]
    fn the_oracle_sees_what_is_lost_doubled_and_reordered() {
        let log: Log = [1, 2, 2, 3].map(posted).into();
        let ids: Vec<MessageId> = [1, 3, 2, 4].map(|n| posted(n).1.id.message()).into();
        let counts = messages(&log, &[ids]);
        assert_eq!((counts.lost, counts.doubled, counts.reordered), (1, 1, 1));
        assert_eq!(answers(&log).lost, 3);
    }

    #[test]
    fn the_oracle_sees_what_the_archive_has_of_another_log() {
        let log: Log = [1, 2, 3].map(posted).into();
        let mut rows: Vec<_> = log
            .iter()
            .map(|(place, event)| (place.clone(), event.id.to_string()))
            .collect();
        assert_eq!(archived(&log, &rows), Counts::default());
        "another".clone_into(&mut rows[1].1);
        let counts = archived(&log, &rows);
        assert_eq!((counts.lost, counts.doubled, counts.reordered), (1, 1, 0));
        rows.truncate(1);
        assert_eq!(archived(&log, &rows).lost, 2);
    }

    #[test]
    fn the_oracle_sees_what_a_listener_missed() {
        let log: Log = [1, 2, 3].map(posted).into();
        let received_positions = ["1.0", "3.0", "1.0"].map(ToOwned::to_owned);
        let counts = received(&log, &received_positions);
        assert_eq!((counts.lost, counts.doubled, counts.reordered), (1, 1, 1));
    }
}
