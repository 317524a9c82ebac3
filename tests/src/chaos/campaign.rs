//! A round: a system, load on it, faults in it, and what is to be counted at the end.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use contract::WorldId;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use testkit::eventually_within;
use tokio::task::JoinSet;

use super::deck::Deck;
use super::fault::Fault;
use super::fault_kind::FaultKind;
use super::load::{Sender, is_at_rest, listen};
use super::observation::{Limits, Observation};
use super::progress::Progress;
use crate::oracle::{self, Counts};
use crate::{Cluster, Http, Shape};

/// The longest time in which a world answers what was posted before the end of the faults.
const REST_WITHIN: Duration = Duration::from_secs(120);
/// The longest pause between two faults, and the shortest, in milliseconds.
const PAUSE_MS: std::ops::Range<u64> = 200..1500;
/// The archive is to find out by itself that its database is another one, and to fill it again.
const VARIABLES: [(&str, &str); 1] = [("persistence:MANYWORLDS_REBUILD_ON_MISMATCH", "true")];

/// How much chaos.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Decides which faults come when. The load is not repeatable; the faults are.
    pub seed: u64,
    /// How long faults come at least. Each kind comes once, however long that takes.
    pub duration: Duration,
    /// How many worlds.
    pub worlds: usize,
    /// How many people talk in each of them.
    pub senders: usize,
    /// Which kinds of faults.
    pub faults: Vec<FaultKind>,
    /// How long what they lead to may take.
    pub limits: Limits,
    /// How many NATS servers there are, each with a copy of everything.
    pub nats_servers: usize,
    /// The folder of the binaries of an earlier build with which the system starts.
    pub upgrade_from: Option<PathBuf>,
}

/// Runs the plan on a system with two of each service.
///
/// # Panics
/// When the system does not come up, or does not come to rest.
pub async fn run(plan: &Plan) -> Counts {
    let shape = Shape {
        worlds: 2,
        gateways: 2,
        workers: 2,
        archives: 2,
    };
    let binaries = plan.upgrade_from.as_deref();
    let started = Cluster::start_for_faults(shape, &VARIABLES, binaries, plan.nats_servers);
    let mut cluster = started.await;
    let bus = cluster.bus().await;
    let worlds: Vec<WorldId> = (0..plan.worlds)
        .map(|n| format!("world-{n}").parse().expect("an id"))
        .collect();
    for world in &worlds {
        let described = describe(world, plan.senders);
        Http::post(&cluster.gateways, "/v1/worlds", &described).await;
    }
    let over = Arc::new(AtomicBool::new(false));
    let progress = Progress::of(plan.worlds * plan.senders);
    let (mut posting, mut listening) = (JoinSet::new(), JoinSet::new());
    for (n, world) in worlds.iter().enumerate() {
        for person in 0..plan.senders {
            let number = n * plan.senders + person;
            let world = world.clone();
            let sender = Sender {
                world,
                person,
                number,
            };
            let doors = doors_from(&cluster, person);
            posting.spawn(sender.post(doors, progress.clone(), over.clone()));
        }
        let doors = doors_from(&cluster, n);
        listening.spawn(listen(doors, world.clone(), bus.clone(), over.clone()));
    }
    let (faults, mut counts) = put_faults(&mut cluster, plan, &progress).await;
    over.store(true, Ordering::Release);
    let mut acknowledged = Vec::new();
    while let Some(sent) = posting.join_next().await {
        acknowledged.push(sent.expect("a sender"));
    }
    for world in &worlds {
        let name = format!("{world} comes to rest");
        eventually_within(REST_WITHIN, &name, async || is_at_rest(&bus, world).await).await;
        let log = oracle::read_log(&bus, world).await;
        let sent = acknowledged.iter().filter(|(of, _)| of == world);
        let sent: Vec<_> = sent.map(|(_, sent)| sent.clone()).collect();
        counts.add(oracle::messages(&log, &sent));
        counts.add(oracle::answers(&log));
        counts.add(oracle::archived(
            &log,
            &archived(&cluster.gateways, world).await,
        ));
    }
    while let Some(received) = listening.join_next().await {
        let (world, received) = received.expect("a listener");
        let log = oracle::read_log(&bus, &world).await;
        counts.add(oracle::received(&log, &received));
    }
    println!("chaos seed {} faults {faults} | {counts}", plan.seed);
    counts
}

fn describe(world: &WorldId, senders: usize) -> Value {
    let people = (0..senders).map(|n| json!({"id": format!("user-{n}"), "kind": "user"}));
    let agents = ["ada", "bob"].map(|id| json!({"id": id, "kind": "agent", "agent": {}}));
    let entities: Vec<Value> = people.chain(agents).collect();
    json!({"id": world, "entities": entities, "chats": [{"id": "main"}]})
}

/// The gateways, in the order in which a client tries them.
fn doors_from(cluster: &Cluster, first: usize) -> Vec<Http> {
    let mut doors = cluster.gateways.clone();
    doors.rotate_left(first % cluster.gateways.len());
    doors
}

/// Puts faults into the system until the time is up and each kind was there; then all of it runs again. Returns how
/// many there were, and what they did.
async fn put_faults(cluster: &mut Cluster, plan: &Plan, progress: &Progress) -> (usize, Counts) {
    let (mut random, mut deck) = (StdRng::seed_from_u64(plan.seed), Deck::new(&plan.faults));
    let until = Instant::now() + plan.duration;
    let (mut faults, mut counts) = (0, Counts::default());
    while Instant::now() < until || !deck.has_dealt_all() {
        let pause = Duration::from_millis(random.random_range(PAUSE_MS));
        tokio::time::sleep(pause).await;
        let Some(kind) = deck.deal(&mut random) else {
            break;
        };
        let fault = Fault::draw(kind, &mut random, cluster);
        let observation = Observation::make(fault, cluster, progress, plan.limits, &mut random);
        let observation = observation.await;
        println!("chaos seed {} {observation}", plan.seed);
        faults += 1;
        counts.add(observation.counts());
    }
    cluster.ready().await;
    (faults, counts)
}

/// The places and ids of all events that the archive has of a world.
///
/// # Panics
/// When it does not answer for a long time.
pub async fn archived(doors: &[Http], world: &WorldId) -> Vec<(String, String)> {
    let state = Http::get(doors, &format!("/v1/worlds/{world}/state")).await;
    let seq = state["seq"]
        .as_u64()
        .unwrap_or_else(|| panic!("no seq in {state}"));
    let mut found = Vec::new();
    let mut after = "0".to_owned();
    loop {
        let path = format!("/v1/worlds/{world}/events?after={after}&limit=1000&wait_for={seq}");
        let page = Http::get(doors, &path).await;
        let events = page["events"].as_array().cloned().unwrap_or_default();
        let fields = |event: &Value| {
            let [place, id] = ["sequence", "id"].map(|field| event[field].as_str());
            Some((place?.to_owned(), id?.to_owned()))
        };
        found.extend(events.iter().filter_map(fields));
        let Some(last) = events.last().and_then(fields) else {
            return found;
        };
        after = last.0;
    }
}
