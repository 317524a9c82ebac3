//! Keys of clients before a whole system.

use reqwest::Client;
use serde_json::{Value, json};
use system_tests::{Cluster, Shape};
use testkit::eventually;

/// The ids of a page of worlds, and where the next one begins.
async fn page(base: &str, key: &str, query: &str) -> (Vec<String>, Value) {
    let request = Client::new().get(format!("{base}/v1/worlds?{query}"));
    let page = request.bearer_auth(key).send().await.unwrap();
    let page: Value = page.json().await.unwrap();
    let worlds = page["worlds"].as_array().unwrap().iter();
    let ids = worlds.map(|world| world["id"].as_str().unwrap().to_owned());
    (ids.collect(), page["next"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_worlds_names_those_alone_that_a_key_has_access_to() {
    let variables = [
        ("gateway:MANYWORLDS_API_KEYS[0]", "full"),
        ("gateway:MANYWORLDS_API_KEYS[1]__KEY", "team"),
        ("gateway:MANYWORLDS_API_KEYS[1]__WORLDS[0]", "team-*"),
    ];
    let cluster = Cluster::start_with(Shape::default(), &variables).await;
    let base = &cluster.gateways[0].base;
    let worlds = ["a", "b", "team-1", "team-2", "z"];
    for id in worlds {
        let create = Client::new().post(format!("{base}/v1/worlds"));
        let create = create.bearer_auth("full").json(&json!({"id": id}));
        let created = create.send().await.unwrap();
        assert_eq!(created.status(), 201);
    }
    eventually("all worlds are listed", async || {
        page(base, "full", "").await.0 == worlds
    })
    .await;
    let listed = |ids: &[&str], next: Value| {
        let ids = ids.iter().map(ToString::to_string);
        (ids.collect::<Vec<_>>(), next)
    };
    let all = page(base, "team", "").await;
    assert_eq!(all, listed(&["team-1", "team-2"], Value::Null));
    let first = page(base, "team", "limit=1").await;
    assert_eq!(first, listed(&["team-1"], json!("team-1")));
    let second = page(base, "team", "limit=1&after=team-1").await;
    assert_eq!(second, listed(&["team-2"], Value::Null));
    let full = page(base, "full", "limit=2").await;
    assert_eq!(full, listed(&["a", "b"], json!("b")));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_worlds_are_logged_with_who_made_them() {
    let variables = [
        ("gateway:MANYWORLDS_API_KEYS[0]__KEY", "full"),
        ("gateway:MANYWORLDS_API_KEYS[0]__NAME", "deployment"),
    ];
    let cluster = Cluster::start_with(Shape::default(), &variables).await;
    let base = &cluster.gateways[0].base;
    let post = async |path: &str, body: Value| {
        let request = Client::new().post(format!("{base}{path}"));
        let sent = request.bearer_auth("full").json(&body).send().await;
        assert!(sent.unwrap().status().is_success(), "{path}");
    };
    post(
        "/v1/worlds",
        json!({"id": "lab", "chats": [{"id": "main"}]}),
    )
    .await;
    let message = json!({"sender": "world", "text": "hi", "wait": false});
    post("/v1/worlds/lab/chats/main/messages", message).await;
    // A change through the door of Agent World has an author as well.
    let agent = json!({"name": "Ada", "provider": "openai", "model": "m"});
    post("/worlds/lab/agents", agent).await;
    eventually(
        "the two changes are logged, and the message is not",
        async || {
            let log = cluster.processes[0].log_tail();
            let lines: Vec<&str> = log
                .lines()
                .filter(|line| line.contains("\"audit\""))
                .collect();
            let is_complete = |line: &&str| {
                line.contains("\"world.id\":\"lab\"") && line.contains("key:deployment")
            };
            lines.len() == 2 && lines.iter().all(is_complete)
        },
    )
    .await;
    let filter = "after=0&type=world.configuration_changed";
    let events = Client::new().get(format!("{base}/v1/worlds/lab/events?{filter}"));
    let events = events.bearer_auth("full").send().await.unwrap();
    let events: Value = events.json().await.unwrap();
    let events = events["events"].as_array().unwrap().iter();
    let changes = events.map(|event| {
        let data = &event["data"];
        (data["principal"].as_str().unwrap(), &data["changes"])
    });
    let created = json!(["chat.created", "world.created"]);
    let expected = [
        ("key:deployment", &created),
        ("key:deployment", &json!(["entity.created"])),
    ];
    assert_eq!(changes.collect::<Vec<_>>(), expected);
    assert!(
        !cluster.processes[0].log_tail().contains("full"),
        "no key is logged"
    );
}
