//! Messages that nobody answers, on every route, and through the native door.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::eventually;
use testkit::model::Reply;

use super::client::{Fixture, has, messages, steps};

const MESSAGES: &str = "/worlds/lab/messages";

/// A message that nobody answers, and why.
struct Unanswered {
    text: &'static str,
    sender: &'static str,
    reason: &'static str,
    /// A part of the text for people.
    detail: &'static str,
}

const fn unanswered(
    text: &'static str,
    sender: &'static str,
    reason: &'static str,
    detail: &'static str,
) -> Unanswered {
    Unanswered {
        text,
        sender,
        reason,
        detail,
    }
}

const UNANSWERED: [Unanswered; 5] = [
    unanswered(
        "ask @a1 later",
        "human",
        "mention_in_text",
        "a name in its text",
    ),
    unanswered(
        "to x@example.com",
        "human",
        "mention_in_text",
        "a name in its text",
    ),
    unanswered(
        "@zed hi",
        "human",
        "unknown_mention",
        "no agent \"@zed\" found",
    ),
    unanswered("hello", "system", "sender", "agents answer people"),
    unanswered("hello", "Bob", "sender", "agents answer people"),
];

impl Unanswered {
    /// Posts it as a stream. Returns the text for people.
    async fn check_streamed(&self, fixture: &Fixture, chat: &str) -> String {
        let Self { text, sender, .. } = self;
        let body = json!({"message": text, "sender": sender, "chatId": chat});
        let seen = fixture.request(Method::POST, MESSAGES, body).await;
        let message = format!("message {}", sender.to_lowercase());
        let expected = [message.as_str(), "system error", "world idle"];
        assert_eq!(steps(&seen), expected, "{text} from {sender}");
        let content = &seen[1].1["data"]["content"];
        assert_eq!(content["reason"], self.reason, "{text} from {sender}");
        let question = &seen[0].1["data"]["messageId"];
        assert_eq!(content["triggeringMessageId"], *question);
        let detail = content["message"].as_str().unwrap();
        assert!(detail.contains(self.detail), "{detail}");
        detail.to_owned()
    }

    /// Posts it for one answer, which is the same text and never the message itself.
    async fn check_complete(&self, fixture: &Fixture, chat: &str, detail: &str) {
        let Self { text, sender, .. } = self;
        let body = json!({"message": text, "sender": sender, "chatId": chat, "stream": false});
        let answer = fixture.post(MESSAGES, body).await;
        has(&answer, &json!({"success": false, "message": detail}));
        assert_eq!(answer["data"]["queueStatus"], "error");
        let content = answer["data"]["content"].as_str().unwrap();
        let content: Value = serde_json::from_str(content).unwrap();
        assert_eq!(content["type"], "system");
        let question = &answer["data"]["queueMessageId"];
        assert_eq!(content["data"]["content"]["triggeringMessageId"], *question);
    }

    /// Posts it through the native door.
    async fn check_native(&self, fixture: &Fixture, chat: &str) {
        let body = json!({"sender": self.sender.to_lowercase(), "text": self.text});
        let path = format!("/v1/worlds/lab/chats/{chat}/messages");
        let turn = fixture.post(&path, body).await;
        has(
            &turn,
            &json!({"unanswered": self.reason, "answers": [], "failures": []}),
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_nobody_answers() {
    let (fixture, chat) = Fixture::with_agents(&["a1"]).await;
    fixture.model.answer_with(|_| Reply::status(400));
    let failed = fixture.say(&chat, "Plan my trip to Rome").await;
    let error = "sse error a1".to_owned();
    assert!(steps(&failed).contains(&error), "{failed:?}");
    assert!(!steps(&failed).contains(&"system error".to_owned()));
    for message in UNANSWERED {
        let detail = message.check_streamed(&fixture, &chat).await;
        message.check_complete(&fixture, &chat, &detail).await;
        message.check_native(&fixture, &chat).await;
    }
    // What nobody answers is stored all the same.
    let chats = fixture.get("/worlds/lab/chats").await;
    assert_eq!(chats[0]["messageCount"], 1 + 3 * UNANSWERED.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_message_is_refused() {
    let (fixture, chat) = Fixture::with_agents(&[]).await;
    let invalid = "VALIDATION_ERROR";
    for (body, status, code) in [
        (json!({"message": "x"}), 400, invalid),
        (json!({"message": "", "chatId": chat}), 400, invalid),
        (
            json!({"message": "x", "chatId": "nowhere"}),
            404,
            "CHAT_NOT_FOUND",
        ),
        (
            json!({"message": "x", "chatId": chat, "sender": "名前"}),
            400,
            invalid,
        ),
    ] {
        let refused = fixture.refused(Method::POST, MESSAGES, body, status, code);
        refused.await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_without_agents_says_so() {
    let (fixture, chat) = Fixture::with_agents(&["a1"]).await;
    let question = fixture.say(&chat, "one").await;
    let question = question[0].1["data"]["messageId"].as_str().unwrap();
    fixture.delete("/worlds/lab/agents/a1").await;
    let path = format!("/worlds/lab/messages/{question}");
    let body = json!({"chatId": chat, "newContent": "two"});
    let edited = fixture.request(Method::PUT, &path, body).await;
    let posted = fixture.say(&chat, "three").await;
    for (seen, text) in [(edited, "two"), (posted, "three")] {
        assert_eq!(messages(&seen), [("human", text)]);
        let ends = ["system error", "world idle"];
        assert!(steps(&seen).ends_with(&ends.map(str::to_owned)), "{seen:?}");
        let of_system = seen.iter().find(|(_, body)| body["type"] == "system");
        let content = &of_system.unwrap().1["data"]["content"];
        has(
            content,
            &json!({"failureKind": "queue-dispatch", "reason": "no_agents"}),
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_stopped_or_empty_is_not_the_question() {
    let (fixture, chat) = Fixture::with_agents(&["a1"]).await;
    fixture.model.answer_with(|_| Reply::text("@a1"));
    let body = json!({"message": "hi", "chatId": chat, "stream": false});
    let post = |body: Value| fixture.post("/worlds/lab/messages", body);
    // What it addresses to itself is nothing to others.
    let empty = post(body.clone()).await;
    has(&empty, &json!({"success": false}));
    assert_eq!(empty["data"]["queueStatus"], "error");
    fixture.model.answer_with(|_| Reply::stall_after(2));
    let (stopped, ()) = tokio::join!(post(body), async {
        eventually("an answer is thought of", async || {
            let status = fixture.get("/worlds/lab/status").await;
            status["sendingCount"] == 1
        })
        .await;
        let stop = "/worlds/lab/messages/stop";
        fixture.post(stop, json!({"chatId": chat})).await;
    });
    has(&stopped, &json!({"success": false}));
    assert_eq!(stopped["data"]["queueStatus"], "cancelled");
}
