//! Flows and sessions over HTTP.

mod desk;

use gateway::Config;
use serde_json::{Value, json};

pub(crate) use self::desk::{Desk, all_flows, world};
use crate::support::{Harness, Sse};

const FLOW: &str = "/v1/worlds/desk/flows/gate";

#[tokio::test]
async fn a_flow_is_put_shown_drawn_listed_and_removed() {
    let harness = Harness::start_with(Config::default()).await;
    assert_eq!(harness.post("/v1/worlds", world(json!({}))).await.0, 201);
    let (status, problem) = harness.get(FLOW).await;
    assert_eq!((status, &problem["code"]), (404, &json!("unknown_flow")));
    let spec = all_flows()["gate"].clone();
    let (status, receipt) = harness.put(FLOW, spec.clone()).await;
    assert_eq!((status, &receipt["id"]), (200, &json!("gate")), "{receipt}");
    let (_, shown) = harness.get(FLOW).await;
    assert_eq!(shown["spec"]["nodes"], spec["nodes"]);
    assert_eq!(
        (
            &shown["flow"],
            &shown["revision"],
            &shown["sessions"],
            &shown["seq"]
        ),
        (&json!("gate"), &json!(0), &json!(0), &receipt["seq"])
    );
    for (query, begin) in [("", "flowchart"), ("?format=dot", "digraph")] {
        let path = format!("{FLOW}/diagram{query}");
        let response = harness.http.get(harness.url(&path)).send().await.unwrap();
        let diagram = response.text().await.unwrap();
        assert!(diagram.contains(begin), "{diagram}");
    }
    harness.put("/v1/worlds/desk/flows/other", spec).await;
    let (_, page) = harness.get("/v1/worlds/desk/flows?limit=1").await;
    assert_eq!(page["items"][0]["flow"], "gate");
    assert_eq!(page["next"], "gate");
    let (_, page) = harness.get("/v1/worlds/desk/flows?after=gate").await;
    assert_eq!(page["items"][0]["flow"], "other");
    assert_eq!(page.get("next"), None);

    assert_eq!(harness.delete(FLOW).await.0, 200);
    for path in [FLOW, &format!("{FLOW}/diagram")] {
        assert_eq!(harness.get(path).await.0, 404, "{path}");
    }
    assert_eq!(harness.delete(FLOW).await.0, 404);
}

#[tokio::test]
async fn a_flow_with_a_fault_is_refused_with_its_path() {
    let harness = Harness::start_with(Config::default()).await;
    assert_eq!(harness.post("/v1/worlds", world(json!({}))).await.0, 201);
    let node = |id: &str| json!({"id": id, "router": {}});
    let nodes = json!([node("a"), node("b")]);
    for (spec, field) in [
        (
            json!({"nodes": nodes, "edges": [["a", "b"], ["b", "a"]]}),
            "edges[1]",
        ),
        (
            json!({"nodes": nodes, "edges": [["a", "x"]]}),
            "edges[0][1]",
        ),
        (
            json!({"nodes": [{"id": "a", "agent": "nobody"}]}),
            "nodes[0].agent",
        ),
        (json!({"nodes": nodes, "edgs": []}), "edgs"),
        (json!({}), "nodes"),
    ] {
        let (status, problem) = harness.put(FLOW, spec.clone()).await;
        assert_eq!(
            (status, &problem["field"]),
            (422, &json!(field)),
            "{spec} {problem}"
        );
    }
}

#[tokio::test]
async fn a_session_is_begun_used_and_ended() {
    let desk = Desk::start(Config::default()).await;
    let body = json!({"variables": {"vip": true}, "entity": "ann"});
    let path = "/v1/worlds/desk/flows/gate/sessions";
    let (status, begun) = desk.harness.post(path, body).await;
    assert_eq!(status, 201, "{begun}");
    let seq = begun["seq"].as_u64().unwrap();
    assert_eq!(begun["position"], format!("{seq}.0"));
    let session = format!("/v1/worlds/desk/sessions/{}", begun["id"].as_str().unwrap());
    let (_, shown) = desk.harness.get(&session).await;
    assert_eq!(
        (
            &shown["id"],
            &shown["flow"],
            &shown["entity"],
            &shown["status"],
            &shown["turn"]
        ),
        (
            &begun["id"],
            &json!("gate"),
            &json!("ann"),
            &json!("open"),
            &json!(null)
        )
    );
    assert_eq!(shown["variables"], json!({"vip": true}));
    let (_, page) = desk
        .harness
        .get("/v1/worlds/desk/sessions?entity=ann")
        .await;
    assert_eq!(page["items"][0]["id"], begun["id"]);

    let events = json!([{"type": "my.note", "id": "n1", "data": {"z": 1, "a": [2]}}]);
    let path = format!("{session}/events");
    let (status, sent) = desk.harness.post(&path, json!({"events": events})).await;
    assert_eq!(status, 201, "{sent}");
    let foreign = json!({"events": events, "sender": "bot"});
    let (status, problem) = desk.harness.post(&path, foreign).await;
    assert_eq!(
        (status, &problem["field"]),
        (403, &json!("sender")),
        "{problem}"
    );
    let path = format!(
        "{session}/events?after={}",
        begun["position"].as_str().unwrap()
    );
    let (_, page) = desk.harness.get(&path).await;
    let items = page["items"].as_array().unwrap();
    let types: Vec<&Value> = items.iter().map(|item| &item["type"]).collect();
    assert_eq!(types, ["agent.ready", "my.note"]);
    assert_eq!(
        (&items[1]["data"], &items[1]["sender_id"]),
        (&json!({"z": 1, "a": [2]}), &json!("n1"))
    );
    let after = items[0]["position"].as_str().unwrap();
    let (_, rest) = desk
        .harness
        .get(&format!("{session}/events?after={after}&limit=1"))
        .await;
    assert_eq!(rest["items"], json!([items[1]]));
    assert_eq!(rest["next"], items[1]["position"]);

    let (status, ended) = desk.harness.delete(&format!("{session}?sender=ann")).await;
    assert_eq!((status, &ended["id"]), (200, &begun["id"]), "{ended}");
    let (status, problem) = desk.harness.delete(&session).await;
    assert_eq!((status, &problem["code"]), (404, &json!("unknown_session")));
    // The log keeps it.
    let (_, all) = desk.harness.get(&format!("{session}/events")).await;
    assert_eq!(all["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_session_is_streamed_from_any_position_to_its_end() {
    let desk = Desk::start(Config::default()).await;
    let session = desk.begin("gate").await;
    let after = session["position"].as_str().unwrap();
    let path = format!(
        "/v1/worlds/desk/sessions/{}",
        session["id"].as_str().unwrap()
    );
    let url = desk.harness.url(&format!("{path}/events/stream"));
    let open = |after: &str| {
        let url = format!("{url}?live=true&after={after}");
        let request = desk.harness.http.get(url);
        Sse::open(request)
    };
    let mut stream = open(after).await;
    stream.expect("ready").await;
    let (event, ready) = stream.expect("event").await;
    assert_eq!(ready["type"], "agent.ready");
    assert_eq!(event.id, ready["position"].as_str().unwrap());
    let events = json!({"events": [{"type": "my.note", "data": 1}]});
    desk.harness.post(&format!("{path}/events"), events).await;
    let (_, note) = stream.expect("event").await;
    assert_eq!(
        (&note["type"], &note["data"]),
        (&json!("my.note"), &json!(1))
    );
    desk.harness.delete(&format!("{path}?reason=done")).await;
    let (_, ended) = stream.expect("ended").await;
    assert_eq!(ended["reason"], "done");
    assert!(stream.has_ended().await);

    // A client that was disconnected reads the rest, and does not wait for more behind it.
    let mut late = open(&event.id).await;
    late.expect("ready").await;
    assert_eq!(late.expect("event").await.1["type"], "my.note");
    late.expect("ended").await;
    let last = ended["position"].as_str().unwrap();
    let (status, _) = desk
        .harness
        .get(&format!("{path}/events/stream?after={last}"))
        .await;
    assert_eq!(status, 404);
}
