//! Worlds that are large, and worlds that hold all they may hold.

use serde_json::{Value, json};

use crate::support::{Harness, send};

/// A description of so many agents, with a description of 2,000 bytes each.
fn described(agents: usize) -> Value {
    let agents = (0..agents).map(|index| {
        let description = "x".repeat(2000);
        json!({"id": format!("a{index}"), "kind": "agent", "agent": {}, "description": description})
    });
    json!({"name": "Big", "entities": agents.collect::<Vec<_>>()})
}

#[tokio::test]
async fn a_description_of_several_megabytes_is_applied() {
    let harness = Harness::with_lobby().await;
    let mut created = described(2000);
    created["id"] = "big".into();
    // As clients do that may have to repeat it.
    let create = || {
        let request = harness.http.post(harness.url("/v1/worlds"));
        send(request.header("Idempotency-Key", "one").json(&created))
    };
    let (status, receipt) = create().await;
    assert_eq!(status, 201, "{receipt}");
    assert_eq!(create().await, (status, receipt));

    let (status, receipt) = harness.put("/v1/worlds/big", described(2500)).await;
    assert_eq!(status, 200, "{receipt}");
    let mut count = 0;
    let mut path = "/v1/worlds/big/entities?limit=1000".to_owned();
    loop {
        let page = harness.get(&path).await.1;
        count += page["entities"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/v1/worlds/big/entities?limit=1000&after={next}");
    }
    assert_eq!(count, 2500);

    // What is refused is refused as a whole.
    let mut wrong = described(3000);
    wrong["entities"][2999]["id"] = "a0".into();
    let (status, problem) = harness.put("/v1/worlds/big", wrong).await;
    assert_eq!((status, &problem["code"]), (422, &json!("invalid")));
    assert_eq!(problem["field"], "entities[2999].id");
    assert_eq!(harness.get("/v1/worlds/big/entities/a2999").await.0, 404);

    // Other bodies are limited as ever.
    let event = json!({"sender": "a1", "type": "test.n", "data": "x".repeat(2 << 20)});
    let (status, problem) = harness.post("/v1/worlds/big/events", event).await;
    assert_eq!((status, &problem["field"]), (413, &json!("body")));
    let (status, problem) = harness.put("/v1/worlds/big", described(9000)).await;
    assert_eq!((status, &problem["field"]), (413, &json!("body")));
}

#[tokio::test]
async fn a_world_whose_quota_is_used_up_says_so() {
    let harness = Harness::with_lobby().await;
    let entities = json!([{"id": "ann", "kind": "user"}]);
    let body = json!({"id": "small", "entities": entities, "quota": {"events": 3}});
    assert_eq!(harness.post("/v1/worlds", body).await.0, 201);
    let event = || {
        let event = json!({"sender": "ann", "type": "test.n", "data": 1});
        harness.post("/v1/worlds/small/events", event)
    };
    assert_eq!(event().await.0, 201);
    let (status, problem) = event().await;
    assert_eq!((status, &problem["code"]), (403, &json!("quota_exceeded")));
    let shown = harness.get("/v1/worlds/small").await.1;
    assert_eq!(shown["quota"], json!({"events": 3}), "{shown}");
    assert_eq!(shown["log_size"]["events"], 3, "{shown}");

    for (quota, field) in [
        (json!({"events": 0}), "quota.events"),
        (json!({"rows": 1}), "quota"),
    ] {
        let body = json!({ "quota": quota });
        let request = harness.http.patch(harness.url("/v1/worlds/small"));
        let (status, problem) = send(request.json(&body)).await;
        assert!(matches!(status, 403 | 422), "{problem}");
        assert!(
            problem["field"].as_str().unwrap().starts_with(field),
            "{problem}"
        );
    }
    let request = harness.http.patch(harness.url("/v1/worlds/small"));
    let (status, receipt) = send(request.json(&json!({"quota": {"events": 10}}))).await;
    assert_eq!(status, 200, "{receipt}");
    assert_eq!(event().await.0, 201);
    assert_eq!(harness.delete("/v1/worlds/small").await.0, 200);
}
