//! What the clients of a crowd share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use contract::{MessageId, WorldId};
use serde_json::Value;
use system_tests::chaos::Progress;
use system_tests::oracle::{Counts, Log};

/// What the clients of a crowd share, and what they have seen.
pub(super) struct Record {
    pub(super) base: String,
    pub(super) world: WorldId,
    pub(super) progress: Progress,
    is_over: AtomicBool,
    /// Commands of WebSockets that have no reply.
    open_commands: AtomicUsize,
    /// Events that the log has, as their senders know it.
    sent_events: AtomicUsize,
    acknowledged: Mutex<BTreeMap<usize, Vec<MessageId>>>,
    errors: Mutex<Vec<String>>,
    /// Pages that were answered with 503, as they are where the archive takes too long.
    unavailable: Mutex<Vec<String>>,
    closes: Mutex<Vec<u16>>,
    answered: AtomicU64,
    longest_ms: AtomicU64,
}

/// The positions of the events that a reader has received, in the order in which they came. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Received(Arc<Mutex<Vec<String>>>);

impl Received {
    pub(super) fn push(&self, position: &str) {
        self.0.lock().unwrap().push(position.to_owned());
    }

    pub(super) fn last(&self) -> Option<String> {
        self.0.lock().unwrap().last().cloned()
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Behind which a reader goes on: the beginning, where it has nothing yet.
    pub(super) fn position(&self) -> String {
        self.last().unwrap_or_else(|| "0".to_owned())
    }
}

impl Record {
    pub(super) fn new(base: &str, world: WorldId, senders: usize) -> Self {
        Self {
            base: base.to_owned(),
            world,
            progress: Progress::of(senders),
            is_over: AtomicBool::new(false),
            open_commands: AtomicUsize::new(0),
            sent_events: AtomicUsize::new(0),
            acknowledged: Mutex::default(),
            errors: Mutex::default(),
            unavailable: Mutex::default(),
            closes: Mutex::default(),
            answered: AtomicU64::new(0),
            longest_ms: AtomicU64::new(0),
        }
    }

    pub(super) fn stop(&self) {
        self.is_over.store(true, Ordering::Release);
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// Notes that a command of a WebSocket waits for its reply.
    pub(super) fn begin_command(&self) {
        self.open_commands.fetch_add(1, Ordering::Release);
    }

    /// Notes the reply to it: its event is in the log.
    pub(super) fn end_command(&self) {
        self.sent_events.fetch_add(1, Ordering::Release);
        self.open_commands.fetch_sub(1, Ordering::Release);
    }

    /// Whether nothing waits for a reply.
    pub(super) fn is_idle(&self) -> bool {
        self.open_commands.load(Ordering::Acquire) == 0
    }

    /// Notes an answer to what the client `number` sent at this time.
    pub(super) fn answer(&self, number: usize, sent: Instant) {
        self.progress.count(number);
        self.answered.fetch_add(1, Ordering::Relaxed);
        let took = u64::try_from(sent.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.longest_ms.fetch_max(took, Ordering::Relaxed);
    }

    pub(super) fn acknowledge(&self, number: usize, message: MessageId) {
        let mut acknowledged = self.acknowledged.lock().unwrap();
        acknowledged.entry(number).or_default().push(message);
    }

    pub(super) fn error(&self, error: impl Into<String>) {
        self.errors.lock().unwrap().push(error.into());
    }

    pub(super) fn unavailable(&self, error: String) {
        self.unavailable.lock().unwrap().push(error);
    }

    pub(super) fn unavailable_pages(&self) -> Vec<String> {
        self.unavailable.lock().unwrap().clone()
    }

    /// Notes how the gateway has closed a stream or a WebSocket: without a code, or with one after which a client
    /// does not come back, it is an error.
    pub(super) fn closed(&self, what: &str, code: Option<u16>) {
        match code {
            Some(code) if code == 1012 || (3000..3500).contains(&code) => {
                self.closes.lock().unwrap().push(code);
            }
            code => self.error(format!("{what} was closed with {code:?}")),
        }
    }

    pub(super) fn acknowledged(&self) -> Vec<Vec<MessageId>> {
        self.acknowledged
            .lock()
            .unwrap()
            .values()
            .cloned()
            .collect()
    }

    pub(super) fn errors(&self) -> Vec<String> {
        self.errors.lock().unwrap().clone()
    }

    pub(super) fn closes(&self) -> Vec<u16> {
        self.closes.lock().unwrap().clone()
    }

    pub(super) fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    pub(super) fn longest(&self) -> Duration {
        Duration::from_millis(self.longest_ms.load(Ordering::Relaxed))
    }

    /// Compares the events of the WebSocket that are in the log with those that it got replies for: they have the
    /// numbers from zero on.
    pub(super) fn sent_events(&self, log: &Log) -> Counts {
        let number = |data: &str| serde_json::from_str::<Value>(data).unwrap()["n"].as_u64();
        let numbers = log.iter().map(|(_, event)| number(event.data.get()));
        let numbers: Vec<Option<u64>> = numbers.collect();
        let mut once = numbers.clone();
        once.sort_unstable();
        once.dedup();
        Counts {
            lost: self
                .sent_events
                .load(Ordering::Acquire)
                .saturating_sub(once.len()),
            doubled: numbers.len() - once.len(),
            reordered: numbers.windows(2).filter(|pair| pair[0] > pair[1]).count(),
            ..Counts::default()
        }
    }
}
