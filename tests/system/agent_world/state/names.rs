//! Worlds, agents and chats by what they are called now.

use reqwest::Method;
use serde_json::{Value, json};

use crate::agent_world::client::{Fixture, has};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_renamed_is_found_by_every_form_of_its_new_name() {
    let (fixture, _) = Fixture::with_agents(&["a1"]).await;
    let patch = json!({"name": "Quiet Place"});
    fixture
        .expect(Method::PATCH, "/worlds/lab", patch, 200)
        .await;
    for name in ["lab", "Lab", "Quiet Place", "quiet-place", "quietPlace"] {
        let world = fixture.get(&format!("/api/worlds/{name}")).await;
        assert_eq!(world["id"], "lab", "{name}");
    }
    let patch = json!({"name": "Ada Lovelace"});
    fixture
        .expect(Method::PATCH, "/worlds/quiet-place/agents/a1", patch, 200)
        .await;
    for name in ["a1", "Ada Lovelace", "ada-lovelace", "adaLovelace"] {
        let agent = fixture.get(&format!("/worlds/lab/agents/{name}")).await;
        assert_eq!(agent["id"], "a1", "{name}");
    }
    // An id comes before a name.
    fixture
        .expect(
            Method::POST,
            "/worlds/lab/agents",
            json!({"name": "Ada Lovelace"}),
            201,
        )
        .await;
    let agent = fixture.get("/worlds/lab/agents/ada-lovelace").await;
    assert_eq!(agent["id"], "ada-lovelace");
    // Nobody else is renamed to it.
    fixture
        .expect(Method::POST, "/worlds", json!({"name": "Other"}), 201)
        .await;
    for name in ["Quiet Place", "quiet-place", "lab"] {
        let patch = json!({"name": name});
        fixture
            .refused(Method::PATCH, "/worlds/other", patch, 409, "WORLD_EXISTS")
            .await;
    }
    let patch = json!({"name": "Quiet Place"});
    fixture
        .expect(Method::PATCH, "/worlds/lab", patch, 200)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_that_was_used_last_is_opened_when_the_open_one_is_deleted() {
    let (fixture, first) = Fixture::with_agents(&[]).await;
    let mut chats = vec![first];
    for chat in 0..3 {
        // A chat that nobody has used is opened again.
        fixture.say(&chats[chat], "@nobody here").await;
        let opened = fixture.post("/worlds/lab/chats", Value::Null).await;
        chats.push(opened["chatId"].as_str().unwrap().to_owned());
    }
    fixture.say(&chats[3], "@nobody here").await;
    fixture.say(&chats[1], "@nobody here again").await;
    let current = async || fixture.get("/worlds/lab").await["currentChatId"].clone();
    assert_eq!(current().await, chats[3]);
    let delete = async |chat: &str| {
        let path = format!("/worlds/lab/chats/{chat}");
        fixture
            .expect(Method::DELETE, &path, Value::Null, 200)
            .await;
    };
    delete(&chats[0]).await;
    assert_eq!(current().await, chats[3]);
    for (deleted, opened) in [(3, 1), (1, 2)] {
        delete(&chats[deleted]).await;
        assert_eq!(current().await, chats[opened], "after {deleted}");
    }
    delete(&chats[2]).await;
    let world = fixture.get("/worlds/lab").await;
    let shown = world["chats"].as_array().unwrap();
    assert_eq!((shown.len(), &shown[0]["name"]), (1, &json!("New Chat")));
    assert_eq!(world["currentChatId"], shown[0]["id"]);
    assert!(!chats.iter().any(|chat| world["currentChatId"] == *chat));
}

#[tokio::test(flavor = "multi_thread")]
async fn how_much_models_reason_is_set_for_an_agent_and_for_a_world() {
    let (fixture, chat) = Fixture::with_agents(&["a1"]).await;
    fixture
        .model
        .answer_with(|_| testkit::model::Reply::text("Hm"));
    let effort_for = async |text: &str| {
        fixture.say(&chat, text).await;
        let requests = fixture.model.requests();
        let of_answer = requests
            .iter()
            .rev()
            .find(|request| crate::agent_world::client::is_for(request, "a1"));
        of_answer.unwrap().body["reasoning_effort"].clone()
    };
    assert_eq!(effort_for("one").await, Value::Null);
    let patch = json!({"reasoning_effort": "low"});
    let world = fixture
        .expect(Method::PATCH, "/worlds/lab", patch, 200)
        .await;
    has(
        &world,
        &json!({"reasoning_effort": "low", "variables": "reasoning_effort=low"}),
    );
    assert_eq!(effort_for("two").await, "low");
    let patch = json!({"reasoning_effort": "high"});
    let path = "/worlds/lab/agents/a1";
    let agent = fixture.expect(Method::PATCH, path, patch, 200).await;
    assert_eq!(agent["reasoning_effort"], "high");
    assert_eq!(effort_for("three").await, "high");
    let patch = json!({"reasoning_effort": "default"});
    fixture
        .expect(Method::PATCH, path, patch.clone(), 200)
        .await;
    let world = fixture
        .expect(Method::PATCH, "/worlds/lab", patch, 200)
        .await;
    assert_eq!(world["reasoning_effort"], Value::Null);
    assert_eq!(effort_for("four").await, Value::Null);
    let body =
        json!({"name": "Grok", "provider": "xai", "model": "grok-4", "reasoning_effort": "low"});
    let agent = fixture
        .expect(Method::POST, "/worlds/lab/agents", body, 201)
        .await;
    has(
        &agent,
        &json!({"provider": "xai", "reasoning_effort": "low"}),
    );
}
