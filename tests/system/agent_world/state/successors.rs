//! Worlds that are deleted and created again at once, as clients see them.

use reqwest::Method;
use serde_json::json;
use system_tests::Http;

use crate::agent_world::client::{Fixture, messages, received};

/// Deletes the world `lab`, and creates it again.
async fn replace(fixture: &Fixture, agents: &[&str]) -> String {
    fixture.delete("/worlds/lab").await;
    fixture
        .expect(Method::POST, "/worlds", json!({"name": "Lab"}), 201)
        .await;
    for agent in agents {
        fixture.agent(agent).await;
    }
    let world = fixture.get("/worlds/lab").await;
    world["currentChatId"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_a_deleted_world_is_free_at_once() {
    let (fixture, mut chat) = Fixture::with_agents(&["a1"]).await;
    fixture
        .model
        .answer_with(|_| testkit::model::Reply::text("Hello"));
    for round in 0..20 {
        let seen = fixture.say(&chat, &format!("round {round}")).await;
        assert_eq!(messages(&seen).last(), Some(&("a1", "Hello")), "{round}");
        let new = replace(&fixture, &["a1"]).await;
        assert_ne!(new, chat);
        // Nothing old is shown anywhere.
        let world = fixture.get("/worlds/lab").await;
        assert_eq!(world["agents"][0]["memory"], json!([]), "{round}");
        assert_eq!(world["chats"].as_array().map(Vec::len), Some(1));
        let missing = "CHAT_NOT_FOUND";
        let body = json!({"message": "late", "chatId": chat});
        fixture
            .refused(Method::POST, "/worlds/lab/messages", body, 404, missing)
            .await;
        chat = new;
    }
    let worlds = fixture.get("/worlds").await;
    assert_eq!(worlds.as_array().map(Vec::len), Some(1));
    let page = fixture
        .get("/v1/worlds/lab/events?after=0.0&limit=1000")
        .await;
    let events = page["events"].as_array().unwrap();
    assert_eq!(events[0]["type"], "world.created");
    let text = page.to_string();
    assert!(!text.contains("round"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_a_deleted_world_end_and_do_not_go_on_with_another() {
    let (fixture, chat) = Fixture::with_agents(&["a1"]).await;
    let seen = fixture.say(&chat, "@nobody here").await;
    let old = seen[0].0.clone();
    let door = &fixture.cluster.gateways[0];
    let open = async |path: &str| door.stream(path, None).await.unwrap();
    let streams = [
        open("/v1/worlds/lab/events/stream?live=true").await,
        open("/v1/worlds/lab/events/stream?type=app.never").await,
        open("/worlds/lab/events").await,
    ];
    let new = replace(&fixture, &["a1"]).await;
    fixture.say(&new, "@nobody new").await;
    for (number, stream) in streams.into_iter().enumerate() {
        let events = received(stream, usize::MAX).await;
        let text = format!("{events:?}");
        assert!(!text.contains("@nobody new"), "{number}: {text}");
        assert!(!text.contains("world.created"), "{number}: {text}");
        assert!(text.contains("deleted"), "{number}: {text}");
    }
    // An old position is of no log any more.
    let path = format!("/worlds/lab/events?after={old}");
    let (status, _) = door.send(Method::GET, &path, None, None).await.unwrap();
    assert!(status.is_client_error(), "{status}");
    let at = old.split('.').next().unwrap().to_owned();
    let path = format!("/v1/worlds/lab/state?at={at}");
    let (status, _) = door.send(Method::GET, &path, None, None).await.unwrap();
    assert_eq!(status.as_u16(), 404);
    // The native stream names the gap, and goes on with what is there now.
    let path = format!("/v1/worlds/lab/events/stream?after={old}&live=true");
    let stream = door.stream(&path, None).await.unwrap();
    let first = received(stream, 1).await;
    assert_eq!(first[0].1["complete"], false, "{first:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_the_old_world_never_comes_to_the_new_one() {
    let (fixture, chat) = Fixture::with_agents(&["a1"]).await;
    fixture
        .model
        .answer_with(|_| testkit::model::Reply::text("too late"));
    for _ in 0..5 {
        // The model may be on its way to an answer when its world is deleted.
        let body = json!({"sender": "human", "text": "hello", "wait": false});
        let world = fixture.get("/worlds/lab").await;
        let open = world["currentChatId"].as_str().unwrap();
        let path = format!("/v1/worlds/lab/chats/{open}/messages");
        Http::post(&fixture.cluster.gateways, &path, &body).await;
        replace(&fixture, &["a1"]).await;
        let chats = fixture.get("/worlds/lab/chats").await;
        assert_eq!(chats[0]["messageCount"], 0);
    }
    let new = replace(&fixture, &["a1"]).await;
    assert_ne!(new, chat);
    fixture
        .model
        .answer_with(|_| testkit::model::Reply::text("in time"));
    let seen = fixture.say(&new, "hello").await;
    assert_eq!(messages(&seen), [("human", "hello"), ("a1", "in time")]);
    let world = fixture.get("/worlds/lab").await;
    let text = world["agents"][0]["memory"].to_string();
    assert!(!text.contains("too late"), "{text}");
}
