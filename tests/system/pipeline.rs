//! The frames of one connection, sent without waiting while worlds are killed, paused and moved: each is
//! stored once, in their order.

use std::time::Duration;

use contract::WorldId;
use futures::stream::SplitStream;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATIENCE: Duration = Duration::from_secs(60);
/// Fewer than a gateway accepts of one client at once.
const FRAMES: u64 = 6000;
/// Every so many frames one is refused.
const REFUSED_EVERY: u64 = 50;

/// A connection on which a task sends [`FRAMES`] numbered events without waiting.
struct Stream {
    frames: SplitStream<WebSocketStream<MaybeTlsStream<TcpStream>>>,
    sending: JoinSet<()>,
}

impl Stream {
    async fn open(
        door: &Http,
        address: &str,
        encode: impl Fn(u64) -> Value + Send + 'static,
    ) -> Self {
        let url = format!("{}{address}", door.base).replace("http:", "ws:");
        let (socket, _) = connect_async(url).await.unwrap();
        let (mut sink, frames) = socket.split();
        let mut sending = JoinSet::new();
        sending.spawn(async move {
            for n in 0..FRAMES {
                sink.send(Message::text(encode(n).to_string()))
                    .await
                    .unwrap();
            }
        });
        Self { frames, sending }
    }

    /// A connection that only receives.
    async fn open_silent(door: &Http, address: &str) -> Self {
        let url = format!("{}{address}", door.base).replace("http:", "ws:");
        let (socket, _) = connect_async(url).await.unwrap();
        let (_, frames) = socket.split();
        let sending = JoinSet::new();
        Self { frames, sending }
    }

    async fn next(&mut self) -> Value {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.frames.next());
            if let Message::Text(text) = frame.await.unwrap().unwrap().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }
}

fn is_refused(n: u64) -> bool {
    n % REFUSED_EVERY == REFUSED_EVERY - 1
}

fn accepted() -> Vec<u64> {
    (0..FRAMES).filter(|n| !is_refused(*n)).collect()
}

fn genworlds_frame(n: u64) -> Value {
    // No world has an event of this type.
    let event_type = if is_refused(n) { "world.n" } else { "n" };
    json!({"event_type": event_type, "sender_id": "guest", "n": n})
}

fn native_frame(n: u64) -> Value {
    let event_type = if is_refused(n) { "world.n" } else { "n" };
    json!({
        "type": "send_events", "ref": n.to_string(), "sender": "guest",
        "events": [{"type": event_type, "data": {"n": n}}],
    })
}

/// The refusal of a frame. When the answer to a batch was lost, the reason is lost with it.
fn assert_refusal(code: &Value) {
    assert!(
        ["reserved_type", "expired"].map(Value::from).contains(code),
        "{code}"
    );
}

async fn start(worlds: usize) -> Cluster {
    let shape = Shape {
        worlds,
        ..Shape::default()
    };
    let cluster = Cluster::start(shape).await;
    let guest = json!({"id": "guest", "kind": "user"});
    let bob = json!({"id": "bob-b", "kind": "user", "name": "bob"});
    let world = json!({"id": "lobby", "entities": [guest, bob]});
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    cluster
}

/// The numbers of the events of type `n` in the log, in its order.
async fn stored(cluster: &Cluster) -> Vec<u64> {
    let bus = cluster.bus().await;
    let world: WorldId = "lobby".parse().unwrap();
    let (mut numbers, mut after) = (Vec::new(), 0);
    loop {
        let entries = bus.log().read(&world, after).await.unwrap();
        let Some(last) = entries.last() else {
            return numbers;
        };
        after = last.seq;
        for entry in entries {
            for event in entry.commit().unwrap().events {
                if event.event_type.as_str() == "n" {
                    let data: Value = serde_json::from_str(event.data.get()).unwrap();
                    numbers.push(data["n"].as_u64().unwrap());
                }
            }
        }
    }
}

/// Receives the echoes and the refusals of all frames through the door of GenWorlds, and disturbs the cluster
/// each time some more are there.
async fn run_genworlds(cluster: &mut Cluster, disturbances: &[fn(&mut Cluster)]) {
    let door = cluster.gateways[0].clone();
    let mut stream = Stream::open(&door, "/ws/lobby?entity=guest", genworlds_frame).await;
    let (mut received, mut refused) = (Vec::<u64>::new(), 0);
    let mut disturbances = disturbances.iter();
    while received.len() as u64 + refused < FRAMES {
        let frame = stream.next().await;
        if frame["event_type"] == "error" {
            assert_refusal(&frame["code"]);
            refused += 1;
            continue;
        }
        received.push(frame["n"].as_u64().unwrap());
        if received.len() % 700 == 0
            && let Some(disturb) = disturbances.next()
        {
            disturb(cluster);
        }
    }
    stream.sending.join_next().await.unwrap().unwrap();
    assert_eq!(disturbances.len(), 0);
    assert_eq!(received, accepted());
    assert_eq!(stored(cluster).await, accepted());
}

/// The `n`th world service.
fn world(cluster: &mut Cluster, n: u64) -> &mut system_tests::Process {
    let name = format!("world-{n}");
    let mut processes = cluster.processes.iter_mut();
    processes.find(|process| process.name == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_stored_once_in_order_while_the_world_is_killed() {
    let mut cluster = start(1).await;
    let kill: fn(&mut Cluster) = |cluster| world(cluster, 0).restart();
    run_genworlds(&mut cluster, &[kill; 4]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_stored_once_in_order_while_their_world_moves() {
    let mut cluster = start(2).await;
    // Whichever of them owns the world is paused, and then resumed while the other one owns it.
    let disturbances: &[fn(&mut Cluster)] = &[
        |cluster| world(cluster, 0).pause(),
        |cluster| world(cluster, 0).resume(),
        |cluster| world(cluster, 1).pause(),
        |cluster| world(cluster, 1).resume(),
        |cluster| world(cluster, 0).restart(),
        |cluster| world(cluster, 1).restart(),
    ];
    run_genworlds(&mut cluster, disturbances).await;
}

/// One of everything that a client of GenWorlds sends on one connection: in several names, to everyone, to known
/// ones, for the first time to somebody, to an agent, and queries, some of which are answered beside the events.
fn mixed_frame(n: u64) -> Value {
    let sender = ["ann", "ben", "cleo"][usize::try_from(n % 3).unwrap()];
    let (event_type, target) = match n % 20 {
        3 | 13 => ("n", Some("guest".to_owned())),
        // For the first time to somebody new, as long as the door takes new ones.
        7 if n < 2000 => ("n", Some(format!("new-{n}"))),
        9 => ("user_speaks_with_agent_event", Some("agent".to_owned())),
        11 => ("n", Some("bob".to_owned())),
        17 => ("agent_wants_updated_state", None),
        _ => ("n", None),
    };
    json!({
        "event_type": event_type, "sender_id": sender, "target_id": target, "n": n, "message": "hi",
        "created_at": format!("2023-10-09T12:56:42.{n:06}"),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_of_all_kinds_and_senders_keep_their_order_while_the_world_is_killed() {
    const EACH: u64 = 1000;
    let mut cluster = start(2).await;
    let door = cluster.gateways[0].clone();
    let agent = json!({"id": "agent", "kind": "agent", "agent": {"brain": {"client": {}}}});
    Http::post(&cluster.gateways, "/v1/worlds/lobby/entities", &agent).await;
    let mut recorder = Stream::open_silent(&door, "/ws/lobby?observe=all").await;
    let mut stream = Stream::open(&door, "/ws/lobby", mixed_frame).await;
    let is_event = |n: &u64| n % 20 != 17;
    let (mut received, mut replies) = (Vec::new(), 0);
    let expected: Vec<u64> = (0..FRAMES).filter(is_event).collect();
    let mut disturbed = 0;
    while received.len() < expected.len() || replies < FRAMES / 20 {
        let frame = stream.next().await;
        match frame["event_type"].as_str().unwrap() {
            "n" | "user_speaks_with_agent_event" => received.push(frame["n"].as_u64().unwrap()),
            // What comes after a reply is behind what came before the query.
            "world_sends_available_entities_event" => replies += 1,
            "world_sends_available_action_schemas_event" => {}
            other => panic!("{other}: {frame}"),
        }
        if received.len() as u64 / EACH > disturbed {
            disturbed += 1;
            world(&mut cluster, disturbed % 2).restart();
        }
    }
    stream.sending.join_next().await.unwrap().unwrap();
    assert_eq!(received, expected);
    let mut recorded = Vec::new();
    while recorded.len() < expected.len() {
        recorded.push(recorder.next().await["n"].as_u64().unwrap());
    }
    assert_eq!(recorded, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn native_frames_are_answered_once_in_order_while_the_world_is_killed() {
    let mut cluster = start(1).await;
    let door = cluster.gateways[0].clone();
    let address = "/v1/worlds/lobby/ws?type=none";
    let mut stream = Stream::open(&door, address, native_frame).await;
    assert_eq!(stream.next().await["type"], "ready");
    for n in 0..FRAMES {
        let reply = stream.next().await;
        assert_eq!(reply["ref"], n.to_string());
        if is_refused(n) {
            assert_refusal(&reply["problem"]["code"]);
        } else {
            assert_eq!(reply["type"], "accepted", "{reply}");
        }
        if n % 2000 == 1000 {
            world(&mut cluster, 0).restart();
        }
    }
    stream.sending.join_next().await.unwrap().unwrap();
    assert_eq!(stored(&cluster).await, accepted());
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_to_ids_and_to_names_that_look_like_ids_keep_their_order() {
    let cluster = start(1).await;
    let door = cluster.gateways[0].clone();
    let target = |n: u64| {
        let targets = [
            None,
            Some("bob"),
            Some("bob-b"),
            Some("lobby"),
            Some("guest"),
        ];
        targets[usize::try_from(n % 5).unwrap()].filter(|_| n < 500)
    };
    let encode =
        move |n| json!({"event_type": "n", "sender_id": "guest", "target_id": target(n), "n": n});
    let mut stream = Stream::open(&door, "/ws/lobby?entity=guest", encode).await;
    for n in 0..FRAMES {
        let frame = stream.next().await;
        assert_eq!(frame["n"], n, "{frame}");
        assert_eq!(frame["target_id"], json!(target(n)), "{frame}");
    }
    stream.sending.join_next().await.unwrap().unwrap();
}
