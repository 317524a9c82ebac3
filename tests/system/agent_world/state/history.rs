//! Chats that are longer than what a world keeps in its state, and messages that are long.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::Http;

use crate::agent_world::client::{Fixture, messages};

/// Posts messages that nobody answers.
async fn post_numbers(fixture: &Fixture, chat: &str, count: usize) {
    let path = format!("/v1/worlds/lab/chats/{chat}/messages");
    for number in 0..count {
        let body = json!({"sender": "human", "text": format!("@nobody {number}"), "wait": false});
        Http::post(&fixture.cluster.gateways, &path, &body).await;
    }
}

fn contents(rows: &Value) -> Vec<String> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["content"].as_str().unwrap().to_owned())
        .collect()
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("@nobody {number}")).collect()
}

/// What a client that loads its page shows of the open chat.
async fn shown(fixture: &Fixture) -> Vec<String> {
    let world = fixture.get("/worlds/lab").await;
    let memory = &world["agents"][0]["memory"];
    assert_eq!(
        world["agents"][0]["messageCount"],
        memory.as_array().unwrap().len()
    );
    contents(memory)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_chat_is_shown_edited_and_deleted_from_any_place() {
    let (fixture, chat) = Fixture::with_agents(&["a1"]).await;
    fixture
        .model
        .answer_with(|_| testkit::model::Reply::text("Hello"));
    post_numbers(&fixture, &chat, 260).await;
    assert_eq!(shown(&fixture).await, numbers(0..260));
    let opened = fixture
        .post(&format!("/worlds/lab/setChat/{chat}"), Value::Null)
        .await;
    assert_eq!(
        contents(&opened["world"]["agents"][0]["memory"]),
        numbers(0..260)
    );
    for path in ["/worlds/lab/agents/a1", "/worlds/lab/agents"] {
        let agent = fixture.get(path).await;
        let agent = if agent.is_array() { &agent[0] } else { &agent };
        assert_eq!(contents(&agent["memory"]), numbers(0..260), "{path}");
    }
    let rows = format!("/api/worlds/lab/chats/{chat}/messages");
    let all = fixture.get(&rows).await;
    assert_eq!(contents(&all), numbers(0..260));
    let id = |place: usize| all[place]["messageId"].as_str().unwrap();
    let page = fixture
        .get(&format!("{rows}?limit=10&before={}", id(30)))
        .await;
    assert_eq!(contents(&page), numbers(20..30));
    assert_eq!(
        contents(&fixture.get(&format!("{rows}?limit=3")).await),
        numbers(257..260)
    );
    let unknown = format!("{rows}?before=nothing");
    fixture
        .refused(Method::GET, &unknown, Value::Null, 404, "MESSAGE_NOT_FOUND")
        .await;

    let body = json!({"chatId": chat, "newContent": "@nobody anew", "stream": false});
    let path = format!("/worlds/lab/messages/{}", id(20));
    let edited = fixture.expect(Method::PUT, &path, body.clone(), 200).await;
    assert_eq!(edited["messagesRemovedTotal"], 240, "{edited}");
    let mut expected = numbers(0..20);
    expected.push("@nobody anew".to_owned());
    assert_eq!(shown(&fixture).await, expected);
    // What is gone stays gone, for an edit as well.
    for method in [Method::PUT, Method::DELETE] {
        let path = format!("/worlds/lab/messages/{}", id(25));
        fixture
            .refused(method, &path, body.clone(), 404, "MESSAGE_NOT_FOUND")
            .await;
    }

    post_numbers(&fixture, &chat, 230).await;
    let path = format!("/worlds/lab/messages/{}", id(5));
    let removed = fixture
        .expect(Method::DELETE, &path, json!({"chatId": chat}), 200)
        .await;
    assert_eq!(removed["messagesRemovedTotal"], 246, "{removed}");
    assert_eq!(shown(&fixture).await, numbers(0..5));
    let chats = fixture.get("/worlds/lab/chats").await;
    assert_eq!(chats[0]["messageCount"], 5);
    // The agent goes on from there: it is shown what is left.
    let seen = fixture.say(&chat, "hello").await;
    assert_eq!(messages(&seen).last(), Some(&("a1", "Hello")));
    assert_eq!(shown(&fixture).await.len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_100_kilobytes_are_taken_at_every_door() {
    let (fixture, chat) = Fixture::with_agents(&["a1"]).await;
    fixture
        .model
        .answer_with(|_| testkit::model::Reply::text("Long"));
    // Two bytes a character.
    let long = "\u{e9}".repeat(51_200);
    let seen = fixture.say(&chat, &long).await;
    assert_eq!(messages(&seen), [("human", long.as_str()), ("a1", "Long")]);
    let requests = fixture.model.requests();
    assert!(requests.iter().any(|request| {
        request
            .messages()
            .iter()
            .any(|(_, text)| text.contains(&long))
    }));
    let id = seen[0].1["data"]["messageId"].as_str().unwrap();
    let body = json!({"chatId": chat, "newContent": format!("@nobody {long}"), "stream": false});
    let path = format!("/worlds/lab/messages/{id}");
    fixture.expect(Method::PUT, &path, body, 200).await;
    assert_eq!(shown(&fixture).await, [format!("@nobody {long}")]);
    let native = format!("/v1/worlds/lab/chats/{chat}/messages");
    let body = json!({"sender": "human", "text": format!("@nobody {long}"), "wait": false});
    Http::post(&fixture.cluster.gateways, &native, &body).await;
    assert_eq!(shown(&fixture).await.len(), 2);

    let too_long = "x".repeat(128 * 1024 + 1);
    let body = json!({"message": too_long, "chatId": chat});
    let refused = fixture
        .expect(Method::POST, "/worlds/lab/messages", body, 413)
        .await;
    assert_eq!(refused["details"][0]["path"], json!(["message"]));
    let body = json!({"chatId": chat, "newContent": too_long});
    let refused = fixture.expect(Method::PUT, &path, body.clone(), 404).await;
    assert_eq!(refused["code"], "MESSAGE_NOT_FOUND");
    let last = fixture
        .get(&format!("/worlds/lab/chats/{chat}/messages?limit=1"))
        .await;
    let path = format!(
        "/worlds/lab/messages/{}",
        last[0]["messageId"].as_str().unwrap()
    );
    let refused = fixture.expect(Method::PUT, &path, body, 413).await;
    assert_eq!(refused["details"][0]["path"], json!(["newContent"]));
    let body = json!({"sender": "human", "text": too_long});
    let refused = fixture.expect(Method::POST, &native, body, 413).await;
    assert_eq!(
        (&refused["code"], &refused["field"]),
        (&json!("too_large"), &json!("text"))
    );
}
