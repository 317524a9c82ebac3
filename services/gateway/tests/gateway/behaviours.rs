//! Behaviours: how they are put, shown and driven.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Harness, send};

const BEHAVIOUR: &str = "/v1/worlds/lobby/entities/ada/behaviour";
/// The states are not in the order of the alphabet.
const YAML: &str = "initial: ready
states:
  ready: {transitions: [{action: process, ready: false, to: done}]}
  done: {}
";

async fn put(harness: &Harness, path: &str, media_type: &str, body: &str) -> (u16, Value) {
    let request = harness.http.put(harness.url(path));
    let request = request.header("content-type", media_type);
    send(request.body(body.to_owned())).await
}

async fn call(harness: &Harness, method: Method, path: &str) -> (u16, Value) {
    send(harness.http.request(method, harness.url(path))).await
}

#[tokio::test]
async fn a_behaviour_in_yaml_is_put_shown_drawn_and_removed() {
    let harness = Harness::with_lobby().await;
    let (status, problem) = harness.get(BEHAVIOUR).await;
    assert_eq!(
        (status, &problem["code"]),
        (404, &json!("unknown_behaviour"))
    );
    let (status, written) = put(&harness, BEHAVIOUR, "application/yaml", YAML).await;
    assert_eq!(status, 200, "{written}");
    assert_eq!(written["id"], "ada");
    assert_eq!(written["warnings"], json!([]));
    let text = harness
        .http
        .get(harness.url(BEHAVIOUR))
        .send()
        .await
        .unwrap();
    let text = text.text().await.unwrap();
    let kept = r#""definition":{"initial":"ready","states":{"ready":{"transitions":[{"action":"process","ready":false,"to":"done"}]},"done":{}}}"#;
    assert!(text.contains(kept), "{text}");
    let shown: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&shown["entity"], &shown["state"]),
        (&json!("ada"), &json!("ready"))
    );
    assert_eq!(shown["seq"], written["seq"]);

    for (query, begin) in [("", "stateDiagram-v2"), ("?format=dot", "digraph")] {
        let path = format!("{BEHAVIOUR}/diagram{query}");
        let response = harness.http.get(harness.url(&path)).send().await.unwrap();
        assert_eq!(
            response.headers()["content-type"],
            "text/plain; charset=utf-8"
        );
        let diagram = response.text().await.unwrap();
        assert!(diagram.contains(begin), "{diagram}");
    }
    let (status, problem) = harness
        .get(&format!("{BEHAVIOUR}/diagram?format=svg"))
        .await;
    assert_eq!((status, &problem["field"]), (400, &json!("format")));

    for (step, paused) in [("pause", true), ("step", false), ("resume", false)] {
        let (status, receipt) = call(&harness, Method::POST, &format!("{BEHAVIOUR}/{step}")).await;
        assert_eq!((status, &receipt["id"]), (200, &json!("ada")), "{receipt}");
        assert_eq!(harness.get(BEHAVIOUR).await.1["paused"], paused, "{step}");
    }
    assert_eq!(call(&harness, Method::DELETE, BEHAVIOUR).await.0, 200);
    assert_eq!(harness.get(BEHAVIOUR).await.0, 404);
}

#[tokio::test]
async fn warnings_are_answered_and_faults_have_their_path() {
    let harness = Harness::with_lobby().await;
    let args = json!({"action_name": "process", "target": "human"});
    let on = json!({"action": "send", "action_kwargs": args, "ready": false});
    let theirs = json!({
        "machine": {"initial_state": "ask"},
        "transitions": {"ask": [{"on": on, "goto": "ask"}]},
    });
    let (status, written) = put(&harness, BEHAVIOUR, "application/json", &theirs.to_string()).await;
    assert_eq!(status, 200, "{written}");
    let codes: Vec<&Value> = written["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| &warning["code"])
        .collect();
    assert!(codes.contains(&&json!("read_as_solid")), "{written}");

    let nobody = "/v1/worlds/lobby/entities/nobody/behaviour";
    for (path, media_type, body, status, field) in [
        (BEHAVIOUR, "application/yaml", "a: [", 400, json!(null)),
        (BEHAVIOUR, "application/yaml", "hello", 422, json!("body")),
        (BEHAVIOUR, "text/plain", "a: 1", 415, json!("content-type")),
        (
            BEHAVIOUR,
            "application/json",
            r#"{"initial": "ask", "states": {"ask": {"transitions": [{"action": "dance", "to": "ask"}]}}}"#,
            422,
            json!("states.ask.transitions[0].action"),
        ),
        (nobody, "application/yaml", YAML, 404, json!("entity")),
    ] {
        let (got, problem) = put(&harness, path, media_type, body).await;
        assert_eq!(
            (got, &problem["field"]),
            (status, &field),
            "{body} {problem}"
        );
    }
    for path in ["behaviour", "behaviour/diagram"] {
        let path = format!("/v1/worlds/lobby/entities/nobody/{path}");
        let (status, problem) = harness.get(&path).await;
        assert_eq!((status, &problem["code"]), (404, &json!("unknown_entity")));
    }
}

#[tokio::test]
async fn an_entity_uses_an_action_and_the_roster_shows_roles() {
    let harness = Harness::with_lobby().await;
    let role = harness.url("/v1/worlds/lobby/entities/human/role");
    let set = |body: Value| send(harness.http.put(&role).json(&body));
    assert_eq!(set(json!({"role": "student"})).await.0, 200);
    let path = |entity: &str| format!("/v1/worlds/lobby/entities/{entity}/actions/find_agents");
    let body = json!({"arguments": {"role": "student"}});
    let (status, used) = harness.post(&path("ada"), body).await;
    assert_eq!(status, 200, "{used}");
    assert_eq!(
        (&used["result"], &used["found"]),
        (&json!(true), &json!(["human"]))
    );
    assert!(used["seq"].is_u64());
    let (status, problem) = harness.post(&path("nobody"), json!({})).await;
    assert_eq!((status, &problem["field"]), (404, &json!("entity")));

    let (status, receipt) = set(json!({"role": "teacher"})).await;
    assert_eq!(
        (status, &receipt["id"]),
        (200, &json!("human")),
        "{receipt}"
    );
    let (status, problem) = set(json!({"role": "teacher", "sender": "ada"})).await;
    assert_eq!((status, &problem["field"]), (403, &json!("sender")));
    let roster = harness.get("/v1/worlds/lobby/roster").await.1;
    assert_eq!(roster["seq"], receipt["seq"]);
    let human = &roster["roster"][3];
    assert_eq!(
        (&human["entity"], &human["role"], &human["state"]),
        (&json!("human"), &json!("teacher"), &json!(null))
    );
    let statistics = harness.get("/v1/worlds/lobby/statistics").await.1;
    assert_eq!(
        statistics,
        json!({"entities": {}, "roles": {"teacher": 1}, "seq": receipt["seq"]})
    );
}
