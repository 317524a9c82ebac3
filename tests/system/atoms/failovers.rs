//! Many sessions at once while gateways and workers are killed: each goes on, and nothing of an answer is lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use contract::flow::atoms::{LLM_REQUEST, RESPONSE_CHUNK, RESPONSE_END, RESPONSE_START};
use contract::{Fact, WorldId};
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape, oracle};
use testkit::eventually_within;
use tokio::task::JoinSet;

use super::conversation::{Conversation, Transcript};

const SESSIONS: usize = 200;
const TURNS: usize = 3;
/// How long it may take until some more answers are there.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the log has of one request.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    session: String,
    sender_id: String,
    content: String,
    starts: usize,
    ends: usize,
    text: String,
}

pub(crate) async fn world(cluster: &Cluster) {
    // Its answers take a second and some chunks.
    let script = json!({
        "default": "{text} one two three four five six seven eight", "pause_seconds": 0.1,
    });
    let bot = json!({"id": "bot", "kind": "agent", "agent": {"brain": {"script": script}}});
    let nodes = json!([
        {"id": "gate", "router": {}}, {"id": "bot", "agent": "bot", "output": true},
    ]);
    let flow = json!({"nodes": nodes, "edges": [["gate", "bot"]]});
    let world = json!({"id": "desk", "entities": [bot], "flows": {"desk": flow}});
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
}

/// All requests of the log, by their ids.
pub(crate) async fn turns(cluster: &Cluster) -> BTreeMap<String, Turn> {
    let world: WorldId = "desk".parse().unwrap();
    let log = oracle::read_log(&cluster.bus().await, &world).await;
    let mut turns = BTreeMap::<String, Turn>::new();
    for (_, event) in &log {
        let fact = Fact::parse(&event.event_type, &event.data).unwrap();
        let Some(Fact::FlowEvent(sent)) = fact else {
            continue;
        };
        let data: Value = serde_json::from_str(sent.data.get()).unwrap();
        if sent.event_type == LLM_REQUEST {
            let turn = turns.entry(event.id.to_string()).or_default();
            turn.session = sent.session.to_string();
            turn.sender_id = sent.id.clone().unwrap();
            turn.content = data["content"].as_str().unwrap().to_owned();
        }
        let Some(turn) = sent.turn else { continue };
        let turn = turns.entry(turn.to_string()).or_default();
        match sent.event_type.as_str() {
            RESPONSE_START => turn.starts += 1,
            RESPONSE_END => turn.ends += 1,
            RESPONSE_CHUNK => turn.text.push_str(data["text"].as_str().unwrap()),
            _ => {}
        }
    }
    turns
}

/// Kills gateways and workers while answers are generated: each time when some more are there.
async fn disturb(cluster: &mut Cluster, answered: &AtomicUsize) {
    let disturbances: [fn(&mut Cluster); 5] = [
        |cluster| cluster.replica("gateway", 0).kill(),
        |cluster| cluster.replica("agent-worker", 0).restart(),
        |cluster| cluster.replica("gateway", 0).restart(),
        |cluster| cluster.replica("agent-worker", 1).restart(),
        |cluster| cluster.replica("gateway", 1).restart(),
    ];
    let steps = disturbances.len() + 1;
    for (step, disturb) in (1..).zip(disturbances) {
        let enough = SESSIONS * TURNS * step / steps;
        let name = format!("{enough} answers are there");
        eventually_within(PATIENCE, &name, async || {
            answered.load(Ordering::Relaxed) >= enough
        })
        .await;
        disturb(cluster);
    }
}

/// Checks that the client `number` has the answers to this many requests, each as it is in the log.
pub(crate) fn check(
    transcript: &Transcript,
    turns: &BTreeMap<String, Turn>,
    number: usize,
    count: usize,
) {
    let of_session = turns
        .iter()
        .filter(|(_, turn)| turn.session == transcript.session);
    for (id, turn) in of_session {
        assert_eq!((turn.starts, turn.ends), (1, 1), "{id}: {turn:?}");
    }
    let mut requested = Vec::new();
    for id in transcript.turns() {
        let turn = &turns[id];
        requested.push(turn.sender_id.as_str());
        let answers = &transcript.answers;
        let answer = answers.iter().find(|answer| answer.turn == id).unwrap();
        let expected = format!("{} one two three four five six seven eight", turn.content);
        assert_eq!(turn.text, expected, "{id}");
        assert_eq!(answer.text, expected, "{id}: {transcript:?}");
    }
    for turn in 0..count {
        let id = format!("{number}-{turn}");
        assert!(requested.contains(&id.as_str()), "{id}: {transcript:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_session_goes_on_while_gateways_and_workers_are_killed() {
    let shape = Shape {
        gateways: 2,
        workers: 2,
        ..Shape::default()
    };
    let mut cluster = Cluster::start(shape).await;
    world(&cluster).await;
    let doors: Arc<[Http]> = cluster.gateways.clone().into();
    let answered = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for number in 0..SESSIONS {
        let (doors, answered) = (Arc::clone(&doors), Arc::clone(&answered));
        clients.spawn(async move {
            let conversation = Conversation::begin(&doors, number).await;
            (number, conversation.run(0..TURNS, &answered).await)
        });
    }
    disturb(&mut cluster, &answered).await;
    let transcripts = clients.join_all().await;
    assert_eq!(transcripts.len(), SESSIONS);

    let turns = turns(&cluster).await;
    for (number, transcript) in &transcripts {
        check(transcript, &turns, *number, TURNS);
    }
    let open = Http::get(&cluster.gateways, "/v1/worlds/desk/sessions").await;
    assert_eq!(open["items"], json!([]));
    // It was disturbed.
    let losses: usize = transcripts.iter().map(|(_, one)| one.losses.len()).sum();
    let restarts: usize = transcripts.iter().map(|(_, one)| one.restarts).sum();
    println!("connections lost: {losses}, answers begun anew: {restarts}");
    assert!(losses >= SESSIONS / 2);
}
