//! Clients that count every error: none of them repeats a request. What the documents prescribe they do: an event
//! stream or a WebSocket that the gateway closes is opened again behind the last position, and the command of a
//! WebSocket that has no reply is sent again there, with its idempotency key.

mod genworlds;
mod record;
mod requests;
mod socket;
mod sse;

use std::sync::Arc;
use std::time::Duration;

use contract::WorldId;
use reqwest::Client;
use serde_json::{Value, json};
use system_tests::chaos::is_at_rest;
use system_tests::oracle::{self, Counts, Log};
use system_tests::{Cluster, Http};
use testkit::eventually_within;
use tokio::task::JoinSet;

use self::record::{Received, Record};

/// Clients that post and do not wait, that wait for the turn, and that read pages: this many of each.
const OF_EACH: usize = 2;
/// Those, and the WebSocket that sends.
const SENDERS: usize = 3 * OF_EACH + 1;
/// How long it may take until everything is answered, archived and received.
const REST_WITHIN: Duration = Duration::from_secs(60);
/// The type of the events that the WebSocket sends.
const EVENT_TYPE: &str = "test.n";

/// Clients of one world that send and read until they are stopped.
pub(crate) struct Crowd {
    record: Arc<Record>,
    senders: JoinSet<()>,
    readers: JoinSet<()>,
    of_socket: Received,
    of_sse: Received,
    of_genworlds: Received,
}

/// What came of a crowd.
pub(crate) struct Outcome {
    /// What was lost, doubled or reordered in the log, in the archive and in what the readers received.
    pub(crate) counts: Counts,
    /// What the clients did not expect.
    pub(crate) errors: Vec<String>,
    /// Pages that were answered with 503.
    pub(crate) unavailable: Vec<String>,
    /// The codes with which streams and WebSockets were closed.
    pub(crate) closes: Vec<u16>,
    /// Requests that were answered, pages and replies included.
    pub(crate) answered: u64,
    /// How long the longest request took.
    pub(crate) longest: Duration,
}

impl Crowd {
    /// Makes a world through the gateway, or the proxy before several, at `base`, and lets clients into it.
    pub(crate) async fn start(base: &str) -> Self {
        let world: WorldId = "crowd".parse().unwrap();
        Http::post(
            &[Http::new(base.to_owned())],
            "/v1/worlds",
            &describe(&world),
        )
        .await;
        let record = Arc::new(Record::new(base, world, SENDERS));
        let mut senders = JoinSet::new();
        for person in 0..OF_EACH {
            senders.spawn(requests::post(Arc::clone(&record), person, false));
            senders.spawn(requests::post(Arc::clone(&record), OF_EACH + person, true));
            senders.spawn(requests::read_pages(
                Arc::clone(&record),
                2 * OF_EACH + person,
            ));
        }
        let [of_socket, of_sse, of_genworlds] = [(); 3].map(|()| Received::default());
        let mut readers = JoinSet::new();
        let socket = socket::run(Arc::clone(&record), 3 * OF_EACH, of_socket.clone());
        readers.spawn(socket);
        readers.spawn(sse::read(Arc::clone(&record), of_sse.clone()));
        readers.spawn(genworlds::read(Arc::clone(&record), of_genworlds.clone()));
        Self {
            record,
            senders,
            readers,
            of_socket,
            of_sse,
            of_genworlds,
        }
    }

    /// Waits until every client that sends got answers to what it sent from now on, and returns how long that took.
    ///
    /// # Panics
    /// When it takes longer than `limit`.
    pub(crate) async fn goes_on_within(&self, limit: Duration) -> Duration {
        let goes_on = self.record.progress.goes_on(limit).await;
        goes_on.unwrap_or_else(|| panic!("no answers within {limit:?}: {:?}", self.record.errors()))
    }

    /// Stops the senders, and counts what came of everything once it is done.
    pub(crate) async fn finish(mut self, cluster: &Cluster) -> Outcome {
        self.record.stop();
        while let Some(sender) = self.senders.join_next().await {
            sender.unwrap();
        }
        let (bus, world) = (cluster.bus().await, &self.record.world);
        eventually_within(REST_WITHIN, "all is answered", async || {
            self.record.is_idle() && is_at_rest(&bus, world).await
        })
        .await;
        let log = oracle::read_log(&bus, world).await;
        let custom = |log: &Log| -> Log {
            let events = log
                .iter()
                .filter(|(_, event)| event.event_type.as_str() == EVENT_TYPE);
            events.cloned().collect()
        };
        let mut counts = oracle::messages(&log, &self.record.acknowledged());
        counts.add(oracle::answers(&log));
        let readers = [
            (&self.of_socket, log.clone()),
            (&self.of_sse, log.clone()),
            (&self.of_genworlds, custom(&log)),
        ];
        for (received, log) in readers {
            let last = log.last().map(|(position, _)| position.clone());
            let arrived = async || received.last() == last;
            eventually_within(REST_WITHIN, "all is received", arrived).await;
            counts.add(oracle::received(&log, &received.all()));
        }
        let archived = system_tests::chaos::archived(&cluster.gateways, world).await;
        counts.add(oracle::archived(&log, &archived));
        counts.add(self.record.sent_events(&custom(&log)));
        self.readers.shutdown().await;
        Outcome {
            counts,
            errors: self.record.errors(),
            unavailable: self.record.unavailable_pages(),
            closes: self.record.closes(),
            answered: self.record.answered(),
            longest: self.record.longest(),
        }
    }
}

fn describe(world: &WorldId) -> Value {
    let people = (0..2 * OF_EACH).map(|n| json!({"id": format!("user-{n}"), "kind": "user"}));
    // Its answers take a while, so that some are under way whenever a worker is stopped.
    let script = json!({"default": "one two three four five six", "pause_seconds": 0.03});
    let ada = json!({"id": "ada", "kind": "agent", "agent": {"brain": {"script": script}}});
    // It answers at once: those who do not wait for it would make a queue that only grows.
    let bob = json!({"id": "bob", "kind": "agent", "agent": {}});
    let entities: Vec<Value> = people.chain([ada, bob]).collect();
    // A chat for each person: an agent answers in a chat one message after the other.
    let agent = |n| if n < OF_EACH { "bob" } else { "ada" };
    let chats = (0..2 * OF_EACH).map(|n| json!({"id": format!("chat-{n}"), "agents": [agent(n)]}));
    json!({"id": world, "entities": entities, "chats": chats.collect::<Vec<_>>()})
}

/// A client without retries of its own, which has connections that no other client uses.
fn http() -> Client {
    Client::builder()
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap()
}
