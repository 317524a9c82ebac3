//! A conversation in the chat that a page has loaded, in one that it has switched to and in a new one.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::mcp::ToolServer;
use testkit::model::{ModelRequest, Reply};

use super::client::{Fixture, has, messages, steps};

/// A message that begins so leads to a call that needs an approval.
const NEEDS_APPROVAL: &str = "note:";

fn reply(request: &ModelRequest) -> Reply {
    match request.last_message().as_str() {
        "written down" => Reply::text("DONE"),
        last if last.starts_with(NEEDS_APPROVAL) => {
            Reply::calls("", &[["c1", "tools_note", r#"{"text":"hi"}"#]])
        }
        last => Reply::text(&format!("OK {last}")),
    }
}

/// A world with the loaded chat, one that is switched to, and a new one. The first two have messages.
async fn start() -> (Fixture, ToolServer, [String; 3]) {
    let (fixture, tools, loaded) = Fixture::with_tools(&["a1"]).await;
    let ask = json!({"variables": "tool_permission=ask"});
    fixture.expect(Method::PATCH, "/worlds/lab", ask, 200).await;
    fixture.model.answer_with(reply);
    fixture.say(&loaded, "first").await;
    let switched = fixture.new_chat().await;
    fixture.say(&switched, "second").await;
    fixture.open(&loaded).await;
    fixture.open(&switched).await;
    let new = fixture.new_chat().await;
    fixture.wait_until_idle().await;
    (fixture, tools, [loaded, switched, new])
}

/// Approves the call that waits in a chat. No other chat has the prompt, and it is there again on return.
async fn approve(fixture: &Fixture, chat: &str, others: &[&str]) {
    let waiting = fixture.wait_for_prompt(chat).await;
    for other in others {
        assert!(fixture.open(other).await.is_empty(), "{other}");
    }
    let again = fixture.open(chat).await;
    assert_eq!((again.len(), &again[0]), (1, &waiting));
    let taken = fixture.choose(&waiting, "approve").await;
    assert_eq!(taken["accepted"], true, "{taken}");
}

async fn edit(fixture: &Fixture, chat: &str, message: &str, text: &str) -> Vec<(String, Value)> {
    let path = format!("/api/worlds/lab/messages/{message}");
    let body = json!({"chatId": chat, "newContent": text});
    fixture.request(Method::PUT, &path, body).await
}

/// The id of the message that a stream begins with.
fn question(seen: &[(String, Value)]) -> &str {
    seen[0].1["data"]["messageId"].as_str().unwrap()
}

/// Checks that a call was approved, made and answered, and that nothing is left of it.
async fn assert_resumed(fixture: &Fixture, chat: &str, seen: &[(String, Value)], text: &str) {
    let expected = [
        ("human", text),
        ("a1", ""),
        ("a1", "written down"),
        ("a1", "DONE"),
    ];
    assert_eq!(messages(seen), expected);
    let tools: Vec<String> = steps(seen)
        .into_iter()
        .filter(|step| step.starts_with("sse tool-"))
        .collect();
    let expected = ["tool-progress", "tool-start", "tool-result"];
    assert_eq!(tools, expected.map(|step| format!("sse {step} a1")));
    fixture.wait_until_idle().await;
    assert!(fixture.open(chat).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_the_same_in_every_chat() {
    let (fixture, tools, chats) = start().await;
    for chat in &chats {
        let others: Vec<&str> = chats
            .iter()
            .filter(|it| *it != chat)
            .map(String::as_str)
            .collect();
        let mut texts = Vec::new();
        for other in &others {
            texts.push(fixture.contents(other).await);
        }
        let before = fixture.contents(chat).await;
        fixture.open(chat).await;

        let seen = fixture.say(chat, "hello").await;
        assert_eq!(messages(&seen), [("human", "hello"), ("a1", "OK hello")]);
        fixture.wait_until_idle().await;
        let seen = edit(&fixture, chat, question(&seen), "hi").await;
        assert_eq!(messages(&seen), [("human", "hi"), ("a1", "OK hi")]);
        let mut expected = before.clone();
        expected.extend(["hi", "OK hi"].map(str::to_owned));
        assert_eq!(fixture.contents(chat).await, expected);

        let noted = tools.seen("noted");
        let approves = || approve(&fixture, chat, &others);
        let (sent, ()) = tokio::join!(fixture.say(chat, "note: one"), approves());
        assert_resumed(&fixture, chat, &sent, "note: one").await;
        let edits = edit(&fixture, chat, question(&sent), "note: two");
        let (edited, ()) = tokio::join!(edits, approves());
        assert_resumed(&fixture, chat, &edited, "note: two").await;
        assert_eq!(tools.seen("noted"), noted + 2);

        // A message is deleted with all that follows it, in its chat alone.
        let path = format!("/api/worlds/lab/messages/{}", question(&seen));
        let body = json!({"chatId": chat});
        let removed = fixture.expect(Method::DELETE, &path, body, 200).await;
        has(
            &removed,
            &json!({"success": true, "messagesRemovedTotal": 4}),
        );
        assert_eq!(fixture.contents(chat).await, before);
        for (other, texts) in others.iter().zip(&texts) {
            assert_eq!(fixture.contents(other).await, *texts);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waits_ends_with_an_edit_of_its_message() {
    let (fixture, tools, chats) = start().await;
    let [other, chat, _] = &chats;
    let (seen, edited) = tokio::join!(fixture.say(chat, "note: one"), async {
        let waiting = fixture.wait_for_prompt(chat).await;
        let path = format!("/api/worlds/lab/chats/{chat}/messages");
        let rows = fixture.get(&path).await;
        let mut rows = rows.as_array().unwrap().iter();
        let message = rows.find(|row| row["content"] == "note: one").unwrap();
        let message = message["messageId"].as_str().unwrap();
        let edited = edit(&fixture, chat, message, "hello").await;
        for chat in [chat, other, chat] {
            assert!(fixture.open(chat).await.is_empty());
        }
        let late = fixture.choose(&waiting, "approve").await;
        assert_eq!(late["accepted"], false, "{late}");
        edited
    });
    assert_eq!(messages(&edited), [("human", "hello"), ("a1", "OK hello")]);
    assert!(steps(&seen).contains(&"world idle".to_owned()), "{seen:?}");
    assert_eq!(tools.seen("noted"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_agents_fails_in_every_chat_and_the_world_loads_again() {
    let (fixture, _tools, chats) = start().await;
    let mut questions = Vec::new();
    for chat in &chats {
        questions.push(fixture.say(chat, "hello").await);
    }
    fixture.wait_until_idle().await;
    fixture.delete("/api/worlds/lab/agents/a1").await;
    for (chat, posted) in chats.iter().zip(&questions) {
        fixture.open(chat).await;
        let sent = fixture.say(chat, "nobody is here").await;
        let edited = edit(&fixture, chat, question(posted), "nobody is here now").await;
        for seen in [&sent, &edited] {
            let mut found = seen.iter().map(|(_, body)| body);
            // A new title may come before it.
            let error = found.find(|body| body["data"]["content"]["type"] == "error");
            has(
                &error.unwrap()["data"]["content"],
                &json!({"failureKind": "queue-dispatch", "reason": "no_agents"}),
            );
        }
        // The page covers all with the error, and a button with which it loads the world again.
        fixture.wait_until_idle().await;
        assert!(fixture.open(chat).await.is_empty());
        let world = fixture.get("/api/worlds/lab").await;
        has(&world, &json!({"currentChatId": chat, "agents": []}));
        let texts = fixture.contents(chat).await;
        assert_eq!(texts.last().map(String::as_str), Some("nobody is here now"));
    }
}
