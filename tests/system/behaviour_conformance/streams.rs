//! Streams: playlists, recordings, subscriptions, and slow readers.

use serde_json::{Value, json};
use system_tests::Cluster;

use super::world::{World, states, worker};

pub(super) async fn rows(cluster: &Cluster) {
    playlist(cluster).await;
    slow_consumer(cluster).await;
    subscriptions(cluster).await;
    evaluation(cluster).await;
}

async fn playlist(cluster: &Cluster) {
    let world = World::new(cluster, "c39", &[("t", "teacher", json!(null))]).await;
    for action in ["first_pref_stream", "next_pref_stream"] {
        assert!(!world.uses("t", action, json!({})).await);
    }
    for name in ["a", "b", "c"] {
        world.put_stream(&format!("t:{name}"), &[]).await;
    }
    let streams = json!({"net_hashes": ["<agent>:a", "t:b", "c"], "repeat": 2});
    assert!(world.uses("t", "set_pref_streams", streams).await);
    let mut seen = Vec::new();
    for _ in 0..6 {
        let mut at = String::new();
        for what in ["first", "last", "last_round", "last_song"] {
            let holds = world
                .uses("t", "check_pref_stream", json!({"what": what}))
                .await;
            at.push(if holds { '1' } else { '0' });
        }
        seen.push(at);
        assert!(world.uses("t", "next_pref_stream", json!({})).await);
    }
    assert_eq!(seen, ["1000", "0000", "0001", "0010", "0010", "0111"]);
    assert!(
        world
            .uses("t", "check_pref_stream", json!({"what": "first"}))
            .await
    );
}

/// A consumer that is slower than the source gets every sample.
async fn slow_consumer(cluster: &Cluster) {
    let world = World::new(cluster, "c27", &[("w", "worker", worker())]).await;
    world.put_stream("w:lesson", &[]).await;
    let request = json!({"action": "process", "targets": ["w"],
        "streams": {"stdin": ["w:lesson"]}, "steps": 12});
    let id = world.request("ann", request).await;
    for number in 0..12 {
        world
            .append("w:lesson", &[json!(format!("slow {number}"))])
            .await;
    }
    let ended = world.ended(&id).await;
    assert_eq!(ended["targets"][0]["steps_done"], 12);
    let samples = world.get("/streams/w/processor/samples").await;
    let tags: Vec<Value> = samples["samples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["tag"].clone())
        .collect();
    assert_eq!(json!(tags), json!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]));
}

/// A subscriber gets each sample, from its own position, by itself.
async fn subscriptions(cluster: &Cluster) {
    let subscriber = states(json!({
        "a": {"transitions": [
            {"action": "subscribe", "ready": false, "to": "a"},
            {"action": "process", "to": "a"}]}}));
    let agents = [("w", "worker", subscriber), ("t", "teacher", json!(null))];
    let world = World::new(cluster, "subscriptions", &agents).await;
    world.put_stream("t:readings", &[json!("before")]).await;
    assert!(
        !world
            .uses(
                "t",
                "send_subscribe",
                json!({"agent": "nobody", "stream_hashes": ["t:readings"]})
            )
            .await
    );
    assert!(
        world
            .uses(
                "t",
                "send_subscribe",
                json!({"agent": "w", "stream_hashes": ["t:readings"]})
            )
            .await
    );
    testkit::eventually("it subscribes", async || {
        world.behaviour("w").await["subscriptions"][0]["stream"] == "t:readings"
    })
    .await;
    for number in 0..5 {
        world
            .append("t:readings", &[json!(format!("reading {number}"))])
            .await;
    }
    testkit::eventually("it has read all", async || {
        world.get("/streams/w/processor/samples").await["samples"]
            .as_array()
            .unwrap()
            .len()
            == 5
    })
    .await;
    let subscription = &world.behaviour("w").await["subscriptions"][0];
    assert_eq!(
        (&subscription["position"], &subscription["lag"]),
        (&json!(6), &json!(0))
    );
}

/// `evaluate` compares what agents wrote with a stream, and `compare_eval` branches on it.
async fn evaluation(cluster: &Cluster) {
    let teacher = |thres: f64| {
        states(json!({
            "a": {"transitions": [{"action": "send", "to": "b", "args": {"action_name": "process",
                "target": "w", "streams": {"stdin": ["t:questions"]}, "num_steps": 4,
                "wait_completion": true}}]},
            "b": {"action": "evaluate", "args": {"stream_hash": "t:answers", "how": "max", "steps": 4,
                    "agents_to_evaluate": "w"}, "wait_seconds": 0.5,
                  "transitions": [{"action": "compare_eval", "args": {"cmp": "<=", "thres": thres}, "to": "good"},
                                  {"action": "nop", "to": "bad"}]},
            "good": {}, "bad": {}}))
    };
    for (id, thres, expected) in [("eval1", 0.3, "good"), ("eval2", 0.2, "bad")] {
        let world = World::new(
            cluster,
            id,
            &[("w", "worker", worker()), ("t", "teacher", json!(null))],
        )
        .await;
        let questions = ["1", "2", "3", "4"].map(|text| json!(text));
        world.put_stream("t:questions", &questions).await;
        let answers = ["echo 1", "echo 2", "echo 3", "wrong"].map(|text| json!(text));
        world.put_stream("t:answers", &answers).await;
        let put = world
            .send(
                reqwest::Method::PUT,
                "/entities/t/behaviour",
                teacher(thres),
            )
            .await;
        assert_eq!(put.0, 200, "{}", put.1);
        world.reaches("t", expected).await;
        assert_eq!(world.behaviour("t").await["evaluation"], json!({"w": 0.25}));
    }
}
