//! Prompts, as a page handles them that moves between chats and edits messages.

use reqwest::Method;
use serde_json::json;
use testkit::model::{ModelRequest, Reply};

use super::client::{Fixture, has, messages, steps};

const RESPOND: &str = "/api/worlds/lab/hitl/respond";

/// The model has a question for the user when the last message begins so.
const HAS_QUESTION: &str = "HITL:";

fn reply(request: &ModelRequest) -> Reply {
    let last = request.last_message();
    if !last.starts_with(HAS_QUESTION) {
        return Reply::text(&format!("OK {last}"));
    }
    let options = json!([{"id": "approve", "label": "Approve"}, {"id": "deny", "label": "Deny"}]);
    let question = json!({"id": "question-1", "question": "May I?", "options": options});
    let arguments = json!({"type": "multiple-select", "allowSkip": true, "questions": [question]});
    Reply::calls("", &[["c1", "ask_user_input", &arguments.to_string()]])
}

/// A world of one agent with two chats: one that has a message, and a new one.
async fn start() -> (Fixture, String, String) {
    let (fixture, first) = Fixture::with_agents(&["a1"]).await;
    fixture.model.answer_with(reply);
    fixture.say(&first, "Plan my trip to Rome").await;
    let second = fixture.new_chat().await;
    assert_ne!(second, first);
    (fixture, first, second)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_stays_in_its_chat_until_it_is_answered() {
    let (fixture, first, second) = start().await;
    let question = format!("{HAS_QUESTION} hello");
    let (seen, ()) = tokio::join!(fixture.say(&second, &question), async {
        let waiting = fixture.wait_for_prompt(&second).await;
        let prompt = &waiting["prompt"];
        let expected = json!({
            "type": "multiple-select", "allowSkip": true, "toolName": "ask_user_input",
            "toolCallId": "c1", "agentName": "a1", "chatId": second,
        });
        has(prompt, &expected);
        assert!(fixture.open(&first).await.is_empty());
        let again = fixture.open(&second).await;
        assert_eq!((again.len(), &again[0]), (1, &waiting));
        // The page sends the answers of all questions.
        let answer = json!({"questionId": "question-1", "optionIds": ["approve", "deny"]});
        let request = &prompt["requestId"];
        let body = json!({"requestId": request, "answers": [answer], "chatId": second});
        let taken = fixture.post(RESPOND, body).await;
        assert_eq!(taken["accepted"], true, "{taken}");
    });
    let tools: Vec<String> = steps(&seen);
    let tools: Vec<&str> = tools
        .iter()
        .map(String::as_str)
        .filter(|step| step.starts_with("sse tool-"))
        .collect();
    let expected = [
        "sse tool-start a1",
        "sse tool-progress a1",
        "sse tool-result a1",
    ];
    assert_eq!(tools, expected);
    let (sender, text) = *messages(&seen).last().unwrap();
    assert_eq!(sender, "a1");
    assert!(text.starts_with("OK "), "{text}");
    assert!(fixture.open(&second).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_is_gone_with_the_message_that_led_to_it() {
    let (fixture, _, chat) = start().await;
    let question = format!("{HAS_QUESTION} hello");
    let (seen, edited) = tokio::join!(fixture.say(&chat, &question), async {
        let waiting = fixture.wait_for_prompt(&chat).await;
        let agent = fixture.get("/worlds/lab/agents/a1").await;
        let mut memory = agent["memory"].as_array().unwrap().iter().rev();
        let message = memory.find(|message| message["content"] == question.as_str());
        let id = message.unwrap()["messageId"].as_str().unwrap();
        let path = format!("/worlds/lab/messages/{id}");
        let body = json!({"chatId": chat, "newContent": "no question"});
        let edited = fixture.request(Method::PUT, &path, body).await;
        assert!(fixture.open(&chat).await.is_empty());
        let request = &waiting["prompt"]["requestId"];
        let late = json!({"requestId": request, "skipped": true, "chatId": chat});
        let refused = fixture.post(RESPOND, late).await;
        assert_eq!(refused["accepted"], false, "{refused}");
        edited
    });
    assert_eq!(
        messages(&edited),
        [("human", "no question"), ("a1", "OK no question")]
    );
    // The stream of the first message has ended as well.
    assert!(steps(&seen).contains(&"world idle".to_owned()), "{seen:?}");
}
