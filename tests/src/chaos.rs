//! Load on a whole system while its parts are killed at random, and the count of what went wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bus::Bus;
use contract::view::GetActivity;
use contract::{MessageId, WorldId};
use eventsource_stream::Eventsource;
use futures::StreamExt;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use testkit::eventually_within;
use tokio::task::JoinSet;

use crate::oracle::{self, Counts};
use crate::{Cluster, Http, Shape};

/// The longest time in which a world answers what was posted before the end of the kills.
const REST_WITHIN: Duration = Duration::from_secs(120);
/// Pause before a stream that a gateway refused is opened at the next gateway.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);

/// How much chaos.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Decides who is killed when. The load is not repeatable; the kills are.
    pub seed: u64,
    /// How long parts are killed.
    pub duration: Duration,
    /// How many worlds.
    pub worlds: usize,
    /// How many people talk in each of them.
    pub senders: usize,
}

/// Runs the plan on a system with two of each service.
///
/// # Panics
/// When the system does not come up, or does not come to rest.
pub async fn run(plan: Plan) -> Counts {
    let shape = Shape {
        worlds: 2,
        gateways: 2,
        workers: 2,
        archives: 2,
    };
    let mut cluster = Cluster::start(shape).await;
    let bus = cluster.bus().await;
    let worlds: Vec<WorldId> = (0..plan.worlds)
        .map(|n| format!("world-{n}").parse().expect("an id"))
        .collect();
    for world in &worlds {
        Http::post(
            &cluster.gateways,
            "/v1/worlds",
            &describe(world, plan.senders),
        )
        .await;
    }
    let over = Arc::new(AtomicBool::new(false));
    let mut talking = JoinSet::new();
    for world in &worlds {
        for sender in 0..plan.senders {
            let mut doors = cluster.gateways.clone();
            doors.rotate_left(sender % shape.gateways);
            talking.spawn(talk(doors, world.clone(), sender, over.clone()));
        }
    }
    let mut listening = JoinSet::new();
    for (n, world) in worlds.iter().enumerate() {
        let mut doors = cluster.gateways.clone();
        doors.rotate_left(n % shape.gateways);
        listening.spawn(listen(doors, world.clone(), bus.clone(), over.clone()));
    }
    let kills = torment(&mut cluster, plan).await;
    over.store(true, Ordering::Release);
    let mut acknowledged = Vec::new();
    while let Some(sent) = talking.join_next().await {
        acknowledged.push(sent.expect("a sender"));
    }
    let mut counts = Counts::default();
    for world in &worlds {
        rest(&bus, world).await;
        let log = oracle::read_log(&bus, world).await;
        let sent: Vec<_> = acknowledged
            .iter()
            .filter(|(of, _)| of == world)
            .map(|(_, sent)| sent.clone())
            .collect();
        counts.add(oracle::messages(&log, &sent));
        counts.add(oracle::answers(&log));
        let archived = archived(&cluster.gateways, world).await;
        counts.add(Counts {
            received: 0,
            ..oracle::received(&log, &archived)
        });
    }
    while let Some(received) = listening.join_next().await {
        let (world, received) = received.expect("a listener");
        counts.add(oracle::received(
            &oracle::read_log(&bus, &world).await,
            &received,
        ));
    }
    println!("chaos seed {} kills {kills} | {counts}", plan.seed);
    counts
}

fn describe(world: &WorldId, senders: usize) -> Value {
    let people = (0..senders).map(|n| json!({"id": format!("user-{n}"), "kind": "user"}));
    let agents = ["ada", "bob"].map(|id| json!({"id": id, "kind": "agent", "agent": {}}));
    let entities: Vec<Value> = people.chain(agents).collect();
    json!({"id": world, "entities": entities, "chats": [{"id": "main"}]})
}

/// Kills, pauses and restarts parts of the system until the time is up; then all of it runs again.
async fn torment(cluster: &mut Cluster, plan: Plan) -> usize {
    let mut random = StdRng::seed_from_u64(plan.seed);
    let until = Instant::now() + plan.duration;
    let mut kills = 0;
    while Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(random.random_range(200..1500))).await;
        let down = Duration::from_millis(random.random_range(0..1000));
        let victim = random.random_range(0..=cluster.processes.len());
        kills += 1;
        match cluster.processes.get_mut(victim) {
            None => {
                cluster.nats.kill();
                tokio::time::sleep(down).await;
                cluster.nats.restart();
            }
            // Paused for longer than its lease, it wakes up as one that still believes in it.
            Some(process) if random.random_bool(0.25) => {
                process.pause();
                tokio::time::sleep(down + Duration::from_secs(3)).await;
                process.resume();
            }
            Some(process) => {
                process.kill();
                tokio::time::sleep(down).await;
                process.restart();
            }
        }
    }
    cluster.ready().await;
    kills
}

async fn talk(
    doors: Vec<Http>,
    world: WorldId,
    sender: usize,
    over: Arc<AtomicBool>,
) -> (WorldId, Vec<MessageId>) {
    let path = format!("/v1/worlds/{world}/chats/main/messages");
    let mut sent = Vec::new();
    while !over.load(Ordering::Acquire) {
        let text = format!("@ada message {} of {sender}", sent.len());
        let body = json!({"sender": format!("user-{sender}"), "text": text, "wait": false});
        let answer = Http::post(&doors, &path, &body).await;
        let id = answer["id"].as_str().and_then(|id| id.parse().ok());
        sent.push(id.unwrap_or_else(|| panic!("no id in {answer}")));
    }
    (world, sent)
}

/// Reads every event of a world from its beginning, and resumes after each break where it was.
async fn listen(
    doors: Vec<Http>,
    world: WorldId,
    bus: Bus,
    over: Arc<AtomicBool>,
) -> (WorldId, Vec<String>) {
    let path = format!("/v1/worlds/{world}/events/stream?after=0");
    let mut received = Vec::<String>::new();
    for door in doors.iter().cycle() {
        let Ok(answer) = door
            .stream(&path, received.last().map(String::as_str))
            .await
        else {
            tokio::time::sleep(RECONNECT_PAUSE).await;
            continue;
        };
        let mut events = answer.bytes_stream().eventsource();
        loop {
            let next = tokio::time::timeout(Duration::from_secs(3), events.next()).await;
            match next {
                Ok(Some(Ok(event))) if !event.id.is_empty() && event.event != "ready" => {
                    if received.last() != Some(&event.id) || is_event(&event.data) {
                        received.push(event.id);
                    }
                }
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(_)) | None) => break,
                // Silence: either all was received, or the stream is broken and must be opened again.
                Err(_) => {
                    if over.load(Ordering::Acquire) && is_at_rest(&bus, &world).await {
                        let log = oracle::read_log(&bus, &world).await;
                        let last = log.last().map(|(position, _)| position);
                        if last == received.last() {
                            return (world, received);
                        }
                    }
                    break;
                }
            }
        }
    }
    (world, received)
}

fn is_event(data: &str) -> bool {
    serde_json::from_str::<Value>(data).is_ok_and(|event| event["specversion"] == "1.0")
}

/// Waits until nobody in a world has anything left to answer.
async fn rest(bus: &Bus, world: &WorldId) {
    let name = format!("{world} comes to rest");
    eventually_within(REST_WITHIN, &name, async || is_at_rest(bus, world).await).await;
}

async fn is_at_rest(bus: &Bus, world: &WorldId) -> bool {
    let worlds = bus.worlds();
    let activity = worlds.view(world, GetActivity::default(), None, Duration::from_secs(5));
    activity
        .await
        .is_ok_and(|activity| activity.view.runs.is_empty())
}

/// The places of all events that the archive has of a world.
async fn archived(doors: &[Http], world: &WorldId) -> Vec<String> {
    let first = doors.first().expect("a gateway");
    let (_, end) = first
        .send(
            reqwest::Method::GET,
            &format!("/v1/worlds/{world}/state"),
            None,
            None,
        )
        .await
        .expect("the state");
    let seq = end["seq"]
        .as_u64()
        .unwrap_or_else(|| panic!("no seq in {end}"));
    let mut places = Vec::new();
    let mut after = "0".to_owned();
    loop {
        let path = format!("/v1/worlds/{world}/events?after={after}&limit=1000&wait_for={seq}");
        let page = Http::get(doors, &path).await;
        let events = page["events"].as_array().cloned().unwrap_or_default();
        let Some(last) = events.last().and_then(|event| event["sequence"].as_str()) else {
            return places;
        };
        after = last.to_owned();
        places.extend(
            events
                .iter()
                .filter_map(|event| event["sequence"].as_str())
                .map(ToOwned::to_owned),
        );
    }
}
