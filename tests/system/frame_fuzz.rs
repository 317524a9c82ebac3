//! Bad frames on each WebSocket of a gateway: each gets its answer or its close code, a good client is served
//! meanwhile, and the process keeps its size.

mod connection;
mod door;
mod frames;
mod tables;
mod violations;

use std::collections::BTreeSet;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};
use system_tests::{Cluster, Http};
use testkit::eventually;

use self::connection::Connection;
use self::door::Door;
use self::frames::{BadFrame, Codes, Kind};

/// Bad frames on each door.
const FRAMES: usize = 10_000;
/// Frames of one kind that are sent without waiting for their answers.
const BATCH: usize = 50;
/// How much larger the process may be after the second half of the frames than after the first: less than it would be
/// if it kept them, which have 300 bytes and more each, with their answers.
const GROWTH_MAX_BYTES: usize = 24 << 20;

/// The seed of the frames: `FRAME_FUZZ_SEED`, or always the same.
fn seed() -> u64 {
    let seed = std::env::var_os("FRAME_FUZZ_SEED");
    seed.map_or(1, |seed| seed.to_str().unwrap().parse().unwrap())
}

/// A gateway with a world for bad frames, and another one for a good client.
struct System {
    cluster: Cluster,
    good: Connection,
    good_frames: u64,
    /// The codes that a client may get.
    documented: BTreeSet<String>,
}

impl System {
    async fn start() -> Self {
        // Frames above the rate would wait, and none is to wait for that.
        let variables = [
            (
                "gateway:MANYWORLDS_LIMITS__RATE__REQUESTS_PER_SECOND",
                "1000000",
            ),
            ("gateway:MANYWORLDS_LIMITS__RATE__BURST", "1000000"),
        ];
        let cluster = Cluster::start_with(system_tests::Shape::default(), &variables).await;
        let people = json!([{"id": "guest", "kind": "user"}, {"id": "bob", "kind": "user"}]);
        let flow = json!({"nodes": [{"id": "gate", "router": {}}], "edges": []});
        for id in ["bad", "good"] {
            let chats = json!([{"id": "main"}]);
            let world =
                json!({"id": id, "entities": people, "chats": chats, "flows": {"desk": flow}});
            Http::post(&cluster.gateways, "/v1/worlds", &world).await;
        }
        let good = Connection::open(&cluster.gateways[0], "/v1/worlds/good/ws?type=none").await;
        let page = include_str!("../../docs/error-codes.md");
        let codes = page
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        Self {
            documented: codes.map(ToOwned::to_owned).collect(),
            cluster,
            good,
            good_frames: 0,
        }
    }

    fn gateway(&self) -> &Http {
        &self.cluster.gateways[0]
    }

    /// A frame of a good client, which is answered.
    async fn good(good: &mut Connection, number: &mut u64) {
        *number += 1;
        let frame = json!({
            "type": "send_events", "ref": number.to_string(), "sender": "guest",
            "events": [{"type": "test.n", "data": number}],
        });
        good.send_text(&frame.to_string()).await;
        loop {
            let answer = good.frame().await;
            if answer["ref"] == frame["ref"] {
                assert_eq!(answer["type"], "accepted", "{answer}");
                return;
            }
        }
    }

    /// Sends frames on one connection without waiting, and checks what comes back, while a good client is served.
    async fn send(&mut self, door: &Door, connection: &mut Connection, frames: &[BadFrame]) {
        let replies = async {
            for frame in frames {
                connection.send(frame.is_binary, &frame.bytes).await;
            }
            door.replies(connection, frames).await
        };
        let good = Self::good(&mut self.good, &mut self.good_frames);
        let (replies, ()) = tokio::join!(replies, good);
        let mut codes: Vec<&str> = Vec::new();
        for reply in &replies {
            let Some(code) = door.error_code(reply) else {
                continue;
            };
            assert!(self.documented.contains(code), "{}: {reply}", door.name);
            assert_ne!(code, "internal", "{}: {reply}", door.name);
            codes.push(code);
        }
        // Answers to commands of the native door are behind those to frames that are none.
        codes.sort_unstable();
        let expected: Option<Vec<Codes>> = frames.iter().map(|frame| frame.codes).collect();
        let Some(mut expected) = expected else {
            assert!(codes.len() <= frames.len(), "{}: {replies:?}", door.name);
            return;
        };
        expected.sort_unstable();
        let is_expected = |(code, expected): (&&str, &Codes)| expected.contains(code);
        assert!(
            codes.len() == expected.len() && codes.iter().zip(&expected).all(is_expected),
            "{} {expected:?}: {codes:?}, {frames:?}: {replies:?}",
            door.name
        );
    }

    /// Sends bad frames of all kinds in batches.
    async fn send_frames(&mut self, door: &Door, count: usize, random: &mut StdRng) {
        let mut connection = door.begin(self.gateway()).await;
        for batch in 0..count / BATCH {
            let kind = Kind::ALL[batch % Kind::ALL.len()];
            let frames: Vec<BadFrame> = (0..BATCH).map(|_| kind.frame(door, random)).collect();
            self.send(door, &mut connection, &frames).await;
        }
        connection.close().await;
    }

    /// Breaks the protocol of WebSockets, in each way on connections of their own.
    async fn violate(&mut self, door: &Door, random: &mut StdRng) {
        for violation in violations::all(door, random) {
            let mut connection = door.begin(self.gateway()).await;
            // What is before it is answered all the same.
            let frame = Kind::ALL.choose(random).unwrap().frame(door, random);
            self.send(door, &mut connection, &[frame]).await;
            let good = Self::good(&mut self.good, &mut self.good_frames);
            let (code, ()) = tokio::join!(violation.commit(&mut connection), good);
            assert_eq!(code, violation.code, "{}: {}", door.name, violation.name);
        }
    }

    fn memory_bytes(&self) -> usize {
        let ids = self.cluster.process_ids();
        let (_, id) = ids.iter().find(|(name, _)| name == "gateway-0").unwrap();
        let statm = std::fs::read_to_string(format!("/proc/{id}/statm")).unwrap();
        let pages = statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap();
        pages * 4096
    }
}

#[expect(clippy::print_stdout, reason = "the seed repeats a failure")]
async fn is_survived(door: &Door) {
    let seed = seed();
    println!("{}: FRAME_FUZZ_SEED={seed}", door.name);
    let mut random = StdRng::seed_from_u64(seed);
    let mut system = System::start().await;
    let started = std::time::Instant::now();
    let process = system.cluster.process_ids();
    system.send_frames(door, FRAMES / 2, &mut random).await;
    system.violate(door, &mut random).await;
    let first = system.memory_bytes();
    system.send_frames(door, FRAMES / 2, &mut random).await;
    system.violate(door, &mut random).await;
    let second = system.memory_bytes();
    println!(
        "{}: {first} then {second} bytes, {:?}",
        door.name,
        started.elapsed()
    );
    assert!(
        second.saturating_sub(first) < GROWTH_MAX_BYTES,
        "{first} {second}"
    );
    // It is the process that was there, and has no connection but that of the good client.
    assert_eq!(system.cluster.process_ids(), process);
    eventually("bad clients are gone", async || {
        let replicas: Value = Http::get(&system.cluster.gateways, "/v1/system").await;
        let replicas = replicas["replicas"].as_array().cloned().unwrap_or_default();
        let gateway = replicas
            .iter()
            .find(|replica| replica["service"] == "gateway");
        gateway.is_some_and(|gateway| gateway["status"]["connections"] == 1)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_frames_on_the_native_door_are_answered_and_change_nothing_for_others() {
    is_survived(&Door::NATIVE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_frames_on_the_door_of_genworlds_are_answered_and_change_nothing_for_others() {
    is_survived(&Door::GENWORLDS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_frames_on_the_door_of_atoms_are_answered_and_change_nothing_for_others() {
    is_survived(&Door::ATOMS).await;
}
