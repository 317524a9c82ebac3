//! Agent World's own interface, as its clients use it.

mod chat_flows;
mod client;
mod permissions;
mod played_worker;
mod prompts;
mod state;
mod tools;
mod unanswered;
mod wire;

use std::sync::Arc;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::eventually;
use testkit::model::Reply;
use tokio::sync::Semaphore;

use client::{Fixture, has, is_for, messages, received, steps};

#[tokio::test(flavor = "multi_thread")]
async fn worlds_are_made_changed_and_deleted() {
    let fixture = Fixture::start().await;
    let body = json!({"name": "My World", "turnLimit": 3, "mcpConfig": {"a": 1}});
    let made = fixture.expect(Method::POST, "/api/worlds", body.clone(), 201);
    assert_eq!(made.await, json!({"name": "My World", "id": "my-world"}));
    let invalid = "VALIDATION_ERROR";
    for (body, status, code) in [
        (body, 409, "WORLD_EXISTS"),
        (json!({"name": "名前"}), 400, invalid),
        (json!({"name": "x", "turnLimit": 9999}), 400, invalid),
        (json!([]), 400, invalid),
    ] {
        let path = "/worlds";
        fixture
            .refused(Method::POST, path, body, status, code)
            .await;
    }
    let faulty = json!({"turnLimit": 0});
    let refused = fixture.expect(Method::POST, "/worlds", faulty, 400).await;
    assert_eq!(refused["details"][0]["path"], json!(["name"]));
    assert_eq!(refused["details"][1]["path"], json!(["turnLimit"]));
    let listed = json!({"id": "my-world", "name": "My World", "description": "", "agentCount": 0});
    assert_eq!(fixture.get("/worlds").await, json!([listed]));
    let patch = json!({"name": "Other", "mainAgent": "ada", "uiMode": "wide"});
    let world = fixture.expect(Method::PATCH, "/worlds/My World", patch, 200);
    let expected = json!({
        "id": "my-world", "name": "Other", "turnLimit": 3, "mainAgent": "ada", "uiMode": "wide",
        "mcpConfig": {"a": 1}, "agents": [],
    });
    has(&world.await, &expected);
    fixture.delete("/api/worlds/Other").await;
    let gone = fixture.expect(Method::GET, "/worlds/my-world", Value::Null, 404);
    let not_found = json!({"error": "World not found", "code": "WORLD_NOT_FOUND"});
    assert_eq!(gone.await, not_found);
    assert_eq!(fixture.get("/health").await["status"], "healthy");
    // Browsers ask before they send a request.
    let path = "/api/worlds/x/messages";
    fixture
        .expect(Method::OPTIONS, path, Value::Null, 204)
        .await;
    // Without keys, a page of another site could act for the person who reads it.
    let url = format!("{}/worlds", fixture.cluster.gateways[0].base);
    let foreign = reqwest::Client::new().get(url);
    let answer = foreign.header("origin", "https://example.org").send();
    assert_eq!(answer.await.unwrap().status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_made_changed_and_removed() {
    let (fixture, _) = Fixture::with_agents(&[]).await;
    let agents = "/api/worlds/lab/agents";
    let body = json!({"name": "Ada Lovelace", "temperature": 0.5, "type": "judge"});
    let made = fixture.expect(Method::POST, agents, body, 201).await;
    let expected = json!({
        "id": "ada-lovelace", "model": "gpt-4", "provider": "openai", "type": "judge",
        "temperature": 0.5, "status": "active", "memory": [], "messageCount": 0, "llmCallCount": 0,
    });
    has(&made, &expected);
    let invalid = "VALIDATION_ERROR";
    for (body, status, code) in [
        (json!({"name": "ada lovelace"}), 409, "AGENT_EXISTS"),
        (json!({"name": "x", "provider": "acme"}), 400, invalid),
        (json!({"name": "x", "temperature": 2}), 400, invalid),
    ] {
        let refused = fixture.refused(Method::POST, agents, body, status, code);
        refused.await;
    }
    assert_eq!(fixture.get("/worlds").await[0]["agentCount"], 1);
    let path = "/worlds/lab/agents/Ada Lovelace";
    let patch = json!({"systemPrompt": "Be kind.", "clearMemory": true, "status": "inactive"});
    let agent = fixture.expect(Method::PATCH, path, patch, 200).await;
    let expected = json!({"systemPrompt": "Be kind.", "status": "inactive", "type": "judge"});
    has(&agent, &expected);
    assert_eq!(fixture.get(agents).await, json!([agent]));
    fixture.delete(&format!("{path}/memory")).await;
    fixture.delete(path).await;
    let missing = "AGENT_NOT_FOUND";
    let refused = fixture.refused(Method::GET, path, Value::Null, 404, missing);
    refused.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_streams_in_the_order_that_clients_know() {
    let (fixture, chat) = Fixture::with_agents(&["a1"]).await;
    fixture
        .model
        .answer_with(|_| Reply::text("Hello to you as well"));
    let seen = fixture.say(&chat, "Plan my trip to Rome").await;
    let expected = [
        "message human",
        "world response-start",
        "sse start a1",
        "sse chunk a1",
        "sse end a1",
        "message a1",
        "world idle",
        "sse chat-updated system",
        "system chat-title-updated",
    ];
    assert_eq!(steps(&seen), expected);
    let of = |kind: &str, step: &str| {
        let mut found = seen.iter().map(|(_, body)| body);
        let found = found.find(|body| body["type"] == kind && body["data"]["type"] == step);
        found.unwrap_or_else(|| panic!("{kind} {step}"))["data"].clone()
    };
    let pieces: String = seen
        .iter()
        .filter(|(_, body)| body["data"]["type"] == "chunk")
        .map(|(_, body)| body["data"]["content"].as_str().unwrap())
        .collect();
    assert_eq!(pieces, "Hello to you as well");
    assert!(of("sse", "end")["usage"]["outputTokens"].as_u64().unwrap() > 0);
    let (question, answer) = (&seen[0].1["data"], seen.iter().rev());
    let answer = answer
        .map(|(_, body)| body)
        .find(|body| body["type"] == "message");
    let answer = &answer.unwrap()["data"];
    assert_eq!(answer["messageId"], of("sse", "start")["messageId"]);
    assert_eq!(answer["replyToMessageId"], question["messageId"]);
    assert_eq!(
        (&question["role"], &answer["role"]),
        (&json!("user"), &json!("assistant"))
    );
    assert!(
        seen.iter()
            .all(|(_, body)| body["data"]["chatId"] == json!(chat))
    );
    // Everything that is durable has a place, and they are in order.
    let places: Vec<(u64, u64)> = seen
        .iter()
        .filter_map(|(id, _)| {
            let (seq, index) = id.split_once('.')?;
            Some((seq.parse().unwrap(), index.parse().unwrap()))
        })
        .collect();
    assert!(places.len() >= 4 && places.is_sorted(), "{places:?}");
    let agent = fixture.get("/worlds/lab/agents/a1").await;
    has(&agent, &json!({"messageCount": 2, "llmCallCount": 1}));
    assert_eq!(agent["memory"][1]["messageId"], answer["messageId"]);
    let chats = fixture.get("/worlds/lab/chats").await;
    assert_eq!(chats[0]["messageCount"], 2);
    assert_ne!(chats[0]["name"], "New Chat");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_answer_at_once_and_a_mention_picks_one() {
    let (fixture, chat) = Fixture::with_agents(&["a1", "a2", "a3"]).await;
    // Nobody is answered before all three have asked.
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    fixture
        .model
        .answer_with(move |_| Reply::text("here").held_by(&held));
    let all_have_requested = async {
        eventually("all three ask", async || {
            fixture.model.requests().len() == 3
        })
        .await;
        gate.add_permits(3);
    };
    let (seen, ()) = tokio::join!(fixture.say(&chat, "Hello everyone!"), all_have_requested);
    fixture.model.answer_with(|_| Reply::text("here"));
    let world: Vec<&str> = seen
        .iter()
        .filter(|(_, body)| body["type"] == "world")
        .map(|(_, body)| body["data"]["type"].as_str().unwrap())
        .collect();
    let (start, end) = ("response-start", "response-end");
    assert_eq!(world, [start, start, start, end, end, "idle"]);
    let mut speakers: Vec<&str> = messages(&seen).iter().map(|(sender, _)| *sender).collect();
    assert_eq!(speakers.remove(0), "human");
    speakers.sort_unstable();
    assert_eq!(speakers, ["a1", "a2", "a3"]);
    let seen = fixture.say(&chat, "@a2 and you?").await;
    assert_eq!(messages(&seen), [("human", "@a2 and you?"), ("a2", "here")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_talk_until_the_turn_limit() {
    let (fixture, chat) = Fixture::with_agents(&["a1", "a2"]).await;
    fixture
        .expect(Method::PATCH, "/worlds/lab", json!({"turnLimit": 2}), 200)
        .await;
    fixture.model.answer_with(|request| {
        let other = if is_for(request, "a1") { "a2" } else { "a1" };
        Reply::text(&format!("@{other} your turn"))
    });
    let seen = fixture.say(&chat, "@a1 begin").await;
    let answers = messages(&seen);
    let count = |agent: &str| {
        let turns = answers.iter();
        turns
            .filter(|(sender, text)| *sender == agent && text.contains("your turn"))
            .count()
    };
    assert_eq!((count("a1"), count("a2")), (2, 2), "{answers:?}");
    let last = answers.last().unwrap();
    assert!(last.1.contains("Turn limit reached"), "{answers:?}");
    assert_eq!(
        seen.last().map(|(_, body)| body["type"].as_str()),
        Some(Some("system"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn chats_are_opened_reused_loaded_and_deleted() {
    let (fixture, first) = Fixture::with_agents(&["a1"]).await;
    let chats = "/worlds/lab/chats";
    let reused = fixture.post(chats, Value::Null).await;
    has(&reused, &json!({"chatId": first, "success": true}));
    fixture.say(&first, "Plan my trip to Rome").await;
    let opened = fixture.post("/api/worlds/lab/new-chat", Value::Null).await;
    let second = opened["chatId"].as_str().unwrap();
    assert_ne!(second, first);
    assert_eq!(opened["world"]["currentChatId"], second);
    let loaded = fixture
        .post(&format!("/worlds/lab/load-chat/{first}"), Value::Null)
        .await;
    assert_eq!(loaded["world"]["currentChatId"], json!(first));
    // Nothing is lost by loading a chat.
    assert_eq!(loaded["world"]["agents"][0]["messageCount"], 2);
    let (nowhere, missing) = ("/worlds/lab/load-chat/nowhere", "CHAT_NOT_FOUND");
    let refused = fixture.refused(Method::POST, nowhere, Value::Null, 404, missing);
    refused.await;
    let unset = fixture
        .post("/worlds/lab/setChat/nowhere", Value::Null)
        .await;
    has(&unset, &json!({"success": false, "chatId": first}));
    let set = fixture
        .post(&format!("/worlds/lab/setChat/{second}"), Value::Null)
        .await;
    has(&set, &json!({"success": true, "chatId": second}));
    let path = format!("{chats}/{second}");
    let deleted = fixture
        .expect(Method::DELETE, &path, Value::Null, 200)
        .await;
    assert_eq!(deleted["message"], "Chat deleted successfully");
    fixture
        .expect(Method::DELETE, &path, Value::Null, 404)
        .await;
    assert_eq!(fixture.get(chats).await[0]["id"], json!(first));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_edited_removed_and_its_answer_cancelled() {
    let (fixture, chat) = Fixture::with_agents(&["a1"]).await;
    let seen = fixture.say(&chat, "one").await;
    let first = seen[0].1["data"]["messageId"].as_str().unwrap();
    fixture.say(&chat, "two").await;
    let path = format!("/worlds/lab/messages/{first}");
    let body = json!({"chatId": chat, "newContent": "three"});
    let seen = fixture.request(Method::PUT, &path, body).await;
    assert_eq!(messages(&seen)[0], ("human", "three"));
    assert_eq!(messages(&seen)[1].0, "a1");
    let newest = seen[0].1["data"]["messageId"].as_str().unwrap();
    let path = format!("/worlds/lab/messages/{newest}");
    let body = json!({"chatId": chat, "newContent": "four", "stream": false});
    let edited = fixture.expect(Method::PUT, &path, body, 200).await;
    assert_eq!(edited["messagesRemovedTotal"], 2);
    let newest = edited["newMessageId"].as_str().unwrap();
    let agent = fixture.get("/worlds/lab/agents/a1").await;
    assert_eq!(agent["memory"][0]["messageId"], newest);
    assert_eq!(agent["memory"][0]["content"], "four");
    let answer = agent["memory"][1]["messageId"].as_str().unwrap();
    let in_chat = json!({"chatId": chat});
    for (id, status, code) in [
        (answer, 400, "INVALID_MESSAGE_TYPE"),
        (first, 404, "MESSAGE_NOT_FOUND"),
        ("rubbish", 404, "MESSAGE_NOT_FOUND"),
    ] {
        let path = format!("/worlds/lab/messages/{id}");
        let refused = fixture.refused(Method::DELETE, &path, in_chat.clone(), status, code);
        refused.await;
    }
    let path = format!("/worlds/lab/messages/{newest}");
    let removed = fixture
        .expect(Method::DELETE, &path, in_chat.clone(), 200)
        .await;
    assert_eq!(
        removed["message"],
        "Successfully removed 2 message(s) from 1 agent(s)"
    );
    let stop = "/worlds/lab/messages/stop";
    let idle = fixture.post(stop, in_chat.clone()).await;
    assert_eq!(idle["reason"], "no-active-process");
    fixture.model.answer_with(|_| Reply::stall_after(2));
    let (seen, ()) = tokio::join!(fixture.say(&chat, "five"), async {
        testkit::eventually("an answer is thought of", async || {
            let status = fixture.get("/worlds/lab/status").await;
            status["sendingCount"] == 1
        })
        .await;
        let stopped = fixture.post(stop, in_chat.clone()).await;
        has(&stopped, &json!({"stopped": true, "reason": "stopped"}));
    });
    assert_eq!(messages(&seen), [("human", "five")]);
    assert_eq!(steps(&seen).last().map(String::as_str), Some("world idle"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_answers_can_be_changed_and_removed() {
    let (fixture, chat) = Fixture::with_agents(&["a1"]).await;
    fixture.model.answer_with(|_| Reply::stall_after(2));
    let path = "/worlds/lab/agents/a1";
    let (seen, ()) = tokio::join!(fixture.say(&chat, "hello"), async {
        testkit::eventually("an answer is thought of", async || {
            let status = fixture.get("/worlds/lab/status").await;
            status["activeAgentNames"] == json!(["a1"])
        })
        .await;
        let patch = json!({"systemPrompt": "Be quick.", "clearMemory": true});
        let agent = fixture.expect(Method::PATCH, path, patch, 200).await;
        has(&agent, &json!({"systemPrompt": "Be quick.", "memory": []}));
        fixture.delete(path).await;
    });
    assert_eq!(steps(&seen).last().map(String::as_str), Some("world idle"));
    assert_eq!(messages(&seen), [("human", "hello")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_stream_gets_the_last_answer() {
    let (fixture, chat) = Fixture::with_agents(&["a1"]).await;
    fixture.model.answer_with(|_| Reply::text("the answer"));
    let body = json!({"message": "hi", "chatId": chat, "stream": false});
    let answer = fixture.post("/api/worlds/lab/messages", body).await;
    assert_eq!(answer["success"], true);
    let content: Value = serde_json::from_str(answer["data"]["content"].as_str().unwrap()).unwrap();
    assert_eq!(content["type"], "message");
    assert_eq!(content["data"]["content"], "the answer");
    let body = json!({"message": "hi", "stream": false});
    let answer = fixture.post("/api/worlds/lab/chat", body).await;
    assert!(
        answer["data"]["content"]
            .as_str()
            .unwrap()
            .contains("the answer"),
        "{answer}"
    );
    let body = json!({"message": "hi again"});
    let seen = fixture
        .request(Method::POST, "/api/worlds/lab/chat", body)
        .await;
    assert_eq!(
        messages(&seen),
        [("HUMAN", "hi again"), ("a1", "the answer")]
    );
    let saved = |(_, body): &&(String, Value)| body["data"]["content"]["action"] == "state-saved";
    assert_eq!(seen.iter().filter(saved).count(), 1);
    fixture.model.answer_with(|_| Reply::status(400));
    let body = json!({"message": "hi", "chatId": chat, "stream": false});
    let failed = fixture
        .expect(Method::POST, "/worlds/lab/messages", body, 500)
        .await;
    assert_eq!(failed["code"], "CHAT_ERROR");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_is_exported_and_its_events_go_on_where_they_were() {
    let (fixture, chat) = Fixture::with_agents(&["Ada"]).await;
    fixture.model.answer_with(|_| Reply::text("```rust```"));
    let seen = fixture.say(&chat, "show me").await;
    let url = format!("{}/api/worlds/lab/export", fixture.cluster.gateways[0].base);
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let disposition = answer.headers()["content-disposition"].to_str().unwrap();
    assert!(
        disposition.starts_with("attachment; filename=\"lab-20"),
        "{disposition}"
    );
    let text = answer.text().await.unwrap();
    for part in [
        "# World Export: Lab\n\n**Exported on:** ",
        "## Agents (1)\n\n### Ada\n\n**Configuration:**\n- **ID:** ada\n",
        "**Messages (2):**\n\n1. **From: HUMAN**:\n    ```\n    show me\n    ```\n\n",
        "2. **Agent: Ada (reply to human)**:\n    ```\n    \\`\\`\\`rust\\`\\`\\`\n    ```\n\n",
        "*Note: 2 total messages (1 user, 1 agent/system), 2 after deduplication",
        "[message] human: show me\n",
        "- **Export Format Version:** 1.1\n",
    ] {
        assert!(text.contains(part), "{part}\n---\n{text}");
    }
    // From the beginning, and from the middle, as a client that comes back.
    let path = format!("/worlds/lab/events?chatId={chat}");
    let all = fixture.listen(&path, "0", 6).await;
    assert_eq!(steps(&all)[0], "sse chat-created system");
    let question = seen.first().unwrap();
    assert!(all.iter().any(|(id, _)| *id == question.0), "{all:?}");
    let rest = fixture.listen(&path, &question.0, 2).await;
    assert!(!rest.iter().any(|(id, _)| *id == question.0), "{rest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_a_long_chat_is_exported() {
    let (fixture, chat) = Fixture::with_agents(&[]).await;
    for n in 0..450 {
        let body = json!({"message": format!("number {n}"), "chatId": chat, "stream": false});
        fixture.post("/worlds/lab/messages", body).await;
    }
    let url = format!("{}/worlds/lab/export", fixture.cluster.gateways[0].base);
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    for part in [
        "**Messages (450):**\n\n1. **From: HUMAN**:\n    ```\n    number 0\n    ```\n\n",
        "450. **From: HUMAN**:\n    ```\n    number 449\n    ```\n\n*Note: 450 total messages",
        "more events (showing first 100)*",
    ] {
        assert!(text.contains(part), "{part}\n---\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_comes_back_with_its_key_receives_the_rest() {
    let (fixture, chat) = Fixture::with_agents(&["a1"]).await;
    let url = format!("{}/worlds/lab/messages", fixture.cluster.gateways[0].base);
    let body = json!({"message": "Plan my trip to Rome", "chatId": chat});
    let post = |last: &str| {
        let request = reqwest::Client::new().post(&url).json(&body);
        let request = request.header("idempotency-key", "trip");
        request.header("last-event-id", last).send()
    };
    let first = received(post("").await.unwrap(), usize::MAX).await;
    let again = received(post(&first[0].0).await.unwrap(), usize::MAX).await;
    let expected = ["sse start a1", "sse end a1", "message a1", "world idle"];
    assert_eq!(steps(&again)[1..5], expected);
    assert_eq!(messages(&again), messages(&first)[1..]);
    assert_eq!(fixture.get("/worlds/lab/chats").await[0]["messageCount"], 2);
}
