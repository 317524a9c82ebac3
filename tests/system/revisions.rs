//! Messages are edited, removed and branched off, over the native door, in all services.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape};
use testkit::eventually;

const CHAT: &str = "/v1/worlds/lobby/chats/main";

async fn lobby(cluster: &Cluster) {
    let world = json!({
        "id": "lobby",
        "entities": [
            {"id": "guest", "kind": "user"},
            {"id": "ada", "kind": "agent", "agent": {"brain": {"script": {"default": "{text}!"}}}},
        ],
        "chats": [{"id": "main"}],
    });
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
}

async fn say(cluster: &Cluster, text: &str) -> Value {
    let body = json!({"sender": "guest", "text": text});
    Http::post(&cluster.gateways, &format!("{CHAT}/messages"), &body).await
}

async fn ask(cluster: &Cluster, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
    let sent = cluster.gateways[0].send(method, path, body, None).await;
    let (status, answer): (StatusCode, Value) = sent.unwrap();
    (status.as_u16(), answer)
}

/// What the archive has of a chat.
async fn archived(cluster: &Cluster, chat: &str) -> Vec<String> {
    let path = format!("/v1/worlds/lobby/chats/{chat}/messages");
    let page = Http::get(&cluster.gateways, &path).await;
    let texts = page["messages"].as_array().unwrap().iter();
    texts
        .map(|message| message["text"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_edited_branched_off_and_taken_back() {
    let cluster = Cluster::start(Shape::default()).await;
    lobby(&cluster).await;
    say(&cluster, "one").await;
    let second = say(&cluster, "two").await;
    let second = second["id"].as_str().unwrap();
    let branch = json!({"id": "side", "message": second});
    let (status, answer) = ask(
        &cluster,
        Method::POST,
        &format!("{CHAT}/branches"),
        Some(&branch),
    )
    .await;
    assert_eq!(status, 201, "{answer}");
    let message = format!("{CHAT}/messages/{second}");
    let edit = json!({"text": "zwei", "sender": "guest"});
    let (status, answer) = ask(&cluster, Method::PUT, &message, Some(&edit)).await;
    assert_eq!(status, 200, "{answer}");
    let edited = answer["id"].as_str().unwrap().to_owned();
    eventually("the edited message is answered", async || {
        archived(&cluster, "main").await == ["one", "one!", "zwei", "zwei!"]
    })
    .await;
    assert_eq!(archived(&cluster, "side").await, ["one", "one!", "two"]);
    let gone = ask(&cluster, Method::DELETE, &message, None).await;
    assert_eq!((gone.0, &gone.1["code"]), (404, &json!("unknown_message")));
    let message = format!("{CHAT}/messages/{edited}");
    assert_eq!(ask(&cluster, Method::DELETE, &message, None).await.0, 200);
    eventually("the message is gone from the archive", async || {
        archived(&cluster, "main").await == ["one", "one!"]
    })
    .await;
    let forget = "/v1/worlds/lobby/entities/ada/memory";
    assert_eq!(ask(&cluster, Method::DELETE, forget, None).await.0, 200);
    let open = ask(&cluster, Method::POST, &format!("{CHAT}/open"), None).await;
    assert_eq!(open.0, 200);
    let (_, state) = ask(&cluster, Method::GET, "/v1/worlds/lobby/state", None).await;
    let state = state.get("state").unwrap_or(&state);
    assert_eq!(state["current_chat"], "main", "{state}");
}
