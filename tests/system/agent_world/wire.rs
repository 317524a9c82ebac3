//! What is on the wire, for clients that read it by hand.

use serde_json::{Value, json};
use testkit::model::Reply;

use super::client::{Fixture, steps};

#[tokio::test(flavor = "multi_thread")]
async fn every_event_begins_with_its_data() {
    let (fixture, chat) = Fixture::with_agents(&["a1"]).await;
    let url = format!(
        "{}/api/worlds/lab/messages",
        fixture.cluster.gateways[0].base
    );
    let body = json!({"message": "Plan my trip to Rome", "chatId": chat});
    let answer = reqwest::Client::new().post(url).json(&body).send().await;
    let text = answer.unwrap().text().await.unwrap();
    let frames: Vec<&str> = text.split_terminator("\n\n").collect();
    assert!(frames.len() > 5, "{text}");
    for frame in frames.iter().filter(|frame| **frame != ":") {
        let (data, rest) = frame.split_once('\n').unwrap_or((frame, ""));
        let data = data
            .strip_prefix("data: ")
            .unwrap_or_else(|| panic!("{frame}"));
        let _: Value = serde_json::from_str(data).unwrap();
        assert!(rest.is_empty() || rest.starts_with("id: "), "{frame}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_request_that_is_repeated_shows_its_text_once() {
    let (fixture, chat) = Fixture::with_agents(&["a1"]).await;
    fixture
        .model
        .answer_with(|_| Reply::text("Hello to you as well"));
    fixture.model.reply(Reply::cut_after(2));
    let seen = fixture.say(&chat, "Plan my trip to Rome").await;
    assert_eq!(fixture.model.requests().len(), 2);
    let expected = ["sse start a1", "sse chunk a1", "sse end a1", "message a1"];
    let found = steps(&seen);
    let at = found.iter().position(|step| step == expected[0]).unwrap();
    assert_eq!(found[at..at + expected.len()], expected);
    // A page appends the content of a chunk, unless the chunk has all of it so far.
    let mut shown = String::new();
    let mut restarts = 0;
    for (_, body) in seen
        .iter()
        .filter(|(_, body)| body["data"]["type"] == "chunk")
    {
        match body["data"]["accumulatedContent"].as_str() {
            Some(accumulated) => {
                assert!(!shown.is_empty(), "the first attempt has shown something");
                restarts += 1;
                shown = accumulated.to_owned();
            }
            None => shown.push_str(body["data"]["content"].as_str().unwrap()),
        }
    }
    assert_eq!((shown.as_str(), restarts), ("Hello to you as well", 1));
}
