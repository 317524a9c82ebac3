//! Streams: playlists, recordings, subscriptions, and slow readers.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::Cluster;

use super::world::{World, states, worker};
use super::{Row, rows};

pub(super) const ROWS: &[Row] = rows![
    27 a_slow_consumer_gets_every_sample,
    39 a_playlist_of_three_streams_twice,
    40 a_playlist_leaves_out_unknown_streams,
    44 recordings_are_numbered,
    48 a_subscriber_gets_each_sample_once,
    49 a_stream_that_is_not_public_is_not_subscribed_to,
    50 who_subscribes_late_gets_what_comes_then,
];

async fn a_playlist_of_three_streams_twice(cluster: &Cluster) {
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
async fn a_slow_consumer_gets_every_sample(cluster: &Cluster) {
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
async fn a_subscriber_gets_each_sample_once(cluster: &Cluster) {
    let subscriber = states(json!({
        "a": {"transitions": [
            {"action": "subscribe", "ready": false, "to": "a"},
            {"action": "process", "to": "a"}]}}));
    let agents = [("w", "worker", subscriber), ("t", "teacher", json!(null))];
    let world = World::new(cluster, "c48", &agents).await;
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

async fn a_playlist_leaves_out_unknown_streams(cluster: &Cluster) {
    let world = World::new(cluster, "c40", &[("t", "teacher", json!(null))]).await;
    for name in ["a", "b"] {
        world.put_stream(&format!("t:{name}"), &[]).await;
    }
    let streams = json!({"net_hashes": ["unknown", "a", "nobody:x", "t::dm:b"]});
    assert!(world.uses("t", "set_pref_streams", streams).await);
    assert!(world.uses("t", "next_pref_stream", json!({})).await);
    assert!(world.uses("t", "check_pref_stream", json!({})).await);
    assert!(world.uses("t", "first_pref_stream", json!({})).await);
    assert!(
        !world
            .uses("t", "check_pref_stream", json!({"what": "not_first"}))
            .await
    );
    assert!(
        !world
            .uses("t", "check_pref_stream", json!({"what": "middle"}))
            .await
    );
}

async fn recordings_are_numbered(cluster: &Cluster) {
    let world = World::new(cluster, "c44", &[("t", "teacher", json!(null))]).await;
    world.put_stream("t:x", &[json!(1), json!(2)]).await;
    let record = |steps: u32| json!({"streams": ["t:x"], "num_steps": steps});
    assert!(!world.uses("t", "record", record(3)).await);
    for (number, steps) in [(1, 1), (2, 2)] {
        assert!(world.uses("t", "record", record(steps)).await);
        let stream = world.get(&format!("/streams/t/recorded{number}")).await;
        assert_eq!(stream["length"], steps);
    }
    // What is recorded does not change.
    let append = json!({"samples": [3]});
    let (status, answer) = world
        .send(Method::POST, "/streams/t/recorded1/samples", append)
        .await;
    assert_eq!(status, 409, "{answer}");
}

async fn a_stream_that_is_not_public_is_not_subscribed_to(cluster: &Cluster) {
    let agents = [("t", "teacher", json!(null)), ("w", "worker", worker())];
    let world = World::new(cluster, "c49", &agents).await;
    let private = json!({"type": "json", "public": false});
    let (status, answer) = world.send(Method::PUT, "/streams/t/x", private).await;
    assert!(status < 300, "{answer}");
    let subscribe = json!({"stream_owners": ["t"], "stream_props": ["x"]});
    assert!(!world.uses("w", "subscribe", subscribe).await);
    assert_eq!(world.behaviour("w").await.get("subscriptions"), None);
}

async fn who_subscribes_late_gets_what_comes_then(cluster: &Cluster) {
    let reader = states(json!({"a": {"transitions": [{"action": "process", "to": "a"}]}}));
    let agents = [("t", "teacher", json!(null)), ("w", "worker", reader)];
    let world = World::new(cluster, "c50", &agents).await;
    world.put_stream("t:x", &[json!("early")]).await;
    let subscribe = json!({"stream_owners": ["t"], "stream_props": ["x"]});
    assert!(world.uses("w", "subscribe", subscribe.clone()).await);
    world.append("t:x", &[json!("late")]).await;
    testkit::eventually("it has read one", async || {
        world.behaviour("w").await["subscriptions"][0]["lag"] == 0
            && world.count("interaction.ended").await == 1
    })
    .await;
    let mut ends = subscribe;
    ends["unsubscribe"] = json!(true);
    assert!(world.uses("w", "subscribe", ends).await);
    world.append("t:x", &[json!("later")]).await;
    let samples = world.get("/streams/w/processor/samples").await;
    let samples = samples["samples"].as_array().unwrap();
    assert_eq!(samples.len(), 1);
    assert_eq!(samples[0]["value"], "echo late");
}
