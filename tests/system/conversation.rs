use std::time::Duration;

use eventsource_stream::Eventsource;
use futures::{SinkExt, StreamExt};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape};
use testkit::model::{ModelServer, Reply};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

const MESSAGES: &str = "/v1/worlds/lobby/chats/main/messages";

async fn lobby(cluster: &Cluster, brain: Value) {
    let world = json!({
        "id": "lobby",
        "entities": [
            {"id": "guest", "kind": "user"},
            {"id": "ada", "kind": "agent", "agent": {"brain": brain, "turn_timeout_seconds": 5}},
        ],
        "chats": [{"id": "main"}],
    });
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
}

fn script(reply: &str) -> Value {
    json!({"script": {"default": reply}})
}

/// The names of the events of a turn as they stream in, and the text of its chunks.
async fn stream(door: &Http, body: &Value) -> (Vec<String>, String) {
    let client = reqwest::Client::new();
    let answer = client
        .post(format!("{}{MESSAGES}", door.base))
        .json(body)
        .send()
        .await
        .unwrap();
    let mut events = answer
        .error_for_status()
        .unwrap()
        .bytes_stream()
        .eventsource();
    let (mut names, mut text) = (Vec::new(), String::new());
    while let Some(event) = events.next().await {
        let event = event.unwrap();
        if event.event == "chunk" {
            let chunk: Value = serde_json::from_str(&event.data).unwrap();
            text.push_str(chunk["text"].as_str().unwrap());
        }
        names.push(event.event);
    }
    (names, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_streams_in_and_the_stream_ends() {
    let cluster = Cluster::start(Shape::default()).await;
    lobby(&cluster, script("hello {sender}, how are you?")).await;
    let body = json!({"sender": "guest", "text": "hi", "stream": true});
    let (names, text) = stream(&cluster.gateways[0], &body).await;
    assert_eq!(names.first().map(String::as_str), Some("message"));
    assert_eq!(names.last().map(String::as_str), Some("chat.turn_ended"));
    assert!(
        names.iter().any(|name| name == "message.posted"),
        "{names:?}"
    );
    assert_eq!(text, "hello guest, how are you?");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_the_same_message_and_its_answers() {
    let cluster = Cluster::start(Shape {
        gateways: 2,
        ..Shape::default()
    })
    .await;
    lobby(&cluster, script("yes")).await;
    let body = json!({"sender": "guest", "text": "hi"});
    let mut answers = Vec::new();
    for door in cluster.gateways.iter().cycle().take(4) {
        let (status, answer) = door
            .send(Method::POST, MESSAGES, Some(&body), Some("one-key"))
            .await
            .unwrap();
        assert_eq!(status, StatusCode::OK);
        answers.push(answer);
    }
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
    let page = Http::get(
        &cluster.gateways,
        &format!("{MESSAGES}?wait_for={}", answers[0]["seq"]),
    )
    .await;
    let texts: Vec<&str> = page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|m| m["text"].as_str())
        .collect();
    assert_eq!(
        texts.iter().filter(|text| **text == "hi").count(),
        1,
        "{texts:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_receives_and_sends_and_survives_rubbish() {
    let cluster = Cluster::start(Shape::default()).await;
    lobby(&cluster, script("hello")).await;
    let url = cluster.gateways[0].base.replacen("http", "ws", 1);
    let (mut socket, _) = connect_async(format!("{url}/v1/worlds/lobby/ws?live=true"))
        .await
        .unwrap();
    let rubbish = [
        "not json",
        "{}",
        r#"{"type":"fly"}"#,
        r#"{"type":"post_message","chat":"main","sender":"guest","text":"x","colour":"red"}"#,
    ];
    for frame in rubbish {
        socket.send(Message::text(frame)).await.unwrap();
    }
    let post = json!({"type": "post_message", "ref": "r1", "chat": "main", "sender": "guest", "text": "hi"});
    socket.send(Message::text(post.to_string())).await.unwrap();
    let (mut errors, mut accepted, mut received) = (0, None, Vec::new());
    while received.last().map(String::as_str) != Some("chat.turn_ended") {
        let frame = tokio::time::timeout(Duration::from_secs(20), socket.next()).await;
        let frame = frame.unwrap().unwrap().unwrap();
        let Message::Text(text) = frame else { continue };
        let frame: Value = serde_json::from_str(&text).unwrap();
        match frame["type"].as_str().unwrap() {
            "error" => errors += 1,
            "accepted" => accepted = Some(frame),
            "event" => received.push(frame["event"]["type"].as_str().unwrap().to_owned()),
            _ => {}
        }
    }
    assert_eq!(errors, rubbish.len());
    assert_eq!(accepted.unwrap()["ref"], "r1");
    assert_eq!(
        received
            .iter()
            .filter(|name| *name == "message.posted")
            .count(),
        2,
        "{received:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_where_it_was_at_another_gateway() {
    let cluster = Cluster::start(Shape {
        gateways: 2,
        ..Shape::default()
    })
    .await;
    lobby(&cluster, script("yes")).await;
    for n in 0..5 {
        let body = json!({"sender": "guest", "text": format!("message {n}")});
        Http::post(&cluster.gateways, MESSAGES, &body).await;
    }
    let path = "/v1/worlds/lobby/events/stream?after=0&type=message.posted";
    let mut ids = Vec::new();
    for (door, count) in [(0, 4), (1, 6)] {
        let last = ids.last().cloned();
        let answer = cluster.gateways[door]
            .stream(path, last.as_deref())
            .await
            .unwrap();
        let events = answer.bytes_stream().eventsource();
        let received = events
            .filter_map(async |event| event.ok().filter(|event| event.event == "message.posted"))
            .map(|event| event.id)
            .take(count);
        ids.extend(received.collect::<Vec<_>>().await);
    }
    let mut once = ids.clone();
    once.dedup();
    assert_eq!((ids.len(), once.len()), (10, 10), "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_ends_whatever_the_model_does() {
    let cluster = Cluster::start(Shape::default()).await;
    let model = ModelServer::start().await;
    let llm = |url: String| {
        json!({"llm": {
            "provider": "openai", "model": "test", "base_url": url, "call_timeout_seconds": 1,
        }})
    };
    lobby(&cluster, llm(model.base_url())).await;
    let body = json!({"sender": "guest", "text": "hi"});
    model.reply(Reply::text("hello from the model"));
    let answer = Http::post(&cluster.gateways, MESSAGES, &body).await;
    assert_eq!(
        answer["answers"][0]["text"], "hello from the model",
        "{answer}"
    );
    assert!(
        answer["answers"][0]["usage"]["output_tokens"]
            .as_u64()
            .unwrap()
            > 0,
        "{answer}"
    );
    for reply in [
        Reply::status(400),
        Reply::empty(),
        Reply::garbage(),
        Reply::stall(),
    ] {
        model.answer_with(move |_| reply.clone());
        let answer = Http::post(&cluster.gateways, MESSAGES, &body).await;
        assert_eq!(
            answer["failures"].as_array().map(Vec::len),
            Some(1),
            "{answer}"
        );
        assert!(
            answer["failures"][0]["reason"].as_str().unwrap().len() > 3,
            "{answer}"
        );
    }
    drop(model);
    let answer = Http::post(&cluster.gateways, MESSAGES, &body).await;
    assert_eq!(
        answer["failures"].as_array().map(Vec::len),
        Some(1),
        "{answer}"
    );
}
