//! Turns that are interrupted.

use std::time::Duration;

use contract::http::PostMessageRequest;
use manyworlds_client::{Client, TurnItem, TurnStream};

use crate::support::{End, Gateway, Reply, chunk, event, lobby, problem};

const RETRIES: Duration = Duration::from_secs(30);

fn posted(position: &str) -> String {
    let id = "018f0000-0000-7000-8000-000000000001";
    format!("id: {position}\nevent: message\ndata: {{\"id\": \"{id}\", \"seq\": 1}}\n\n")
}

fn post(client: &Client) -> TurnStream {
    let request = PostMessageRequest {
        sender: "guest".parse().unwrap(),
        text: "hello".to_owned(),
        in_reply_to: None,
        stream: false,
        wait: true,
    };
    lobby(client)
        .messages(&"main".parse().unwrap())
        .post_streamed(request)
}

/// An item in a few words.
async fn next(stream: &mut TurnStream) -> String {
    match stream.next().await {
        Ok(Some(TurnItem::Posted(message))) => format!("posted {}", message.seq),
        Ok(Some(TurnItem::Event(event))) => format!("event {}", event.content.sequence),
        Ok(Some(TurnItem::Chunk(chunk))) => format!("chunk {}", chunk.content.text),
        Ok(Some(TurnItem::Interrupted(error))) => format!("interrupted {error}"),
        Ok(None) => "end".to_owned(),
        Err(error) => format!("error {error}"),
    }
}

#[tokio::test]
async fn an_interrupted_turn_is_posted_again_with_its_key() {
    let gateway = Gateway::start().await;
    let answer = event("2.0", "message.posted");
    let first = posted("1.0") + &chunk("hello") + &answer;
    gateway.reply(Reply::Events(first, End::Closed));
    gateway.reply(problem(503, "unavailable"));
    let second = posted("1.0") + &answer + &event("3.0", "chat.turn_ended");
    gateway.reply(Reply::Events(second, End::Open));

    let client = gateway.client().with_retries(RETRIES);
    let mut turn = post(&client);
    for expected in [
        "posted 1",
        "chunk hello",
        "event 2.0",
        "interrupted the gateway's stream was interrupted (stream ended)",
        "interrupted why [503]",
        "event 3.0",
        "end",
        "end",
    ] {
        assert_eq!(next(&mut turn).await, expected);
    }
    let requests = [gateway.request(), gateway.request(), gateway.request()];
    let key = requests[0].header("idempotency-key").unwrap();
    for request in &requests {
        let line = "POST /v1/worlds/lobby/chats/main/messages";
        assert_eq!(request.line, line);
        assert_eq!(request.header("idempotency-key"), Some(key));
        assert_eq!(request.body["stream"], true);
    }
}

#[tokio::test]
async fn without_retries_an_interrupted_turn_is_an_error() {
    let gateway = Gateway::start().await;
    gateway.reply(Reply::Events(posted("1.0"), End::Closed));
    let mut turn = post(&gateway.client());
    for expected in [
        "posted 1",
        "error the gateway's stream was interrupted (stream ended)",
        "end",
    ] {
        assert_eq!(next(&mut turn).await, expected);
    }
}

#[tokio::test]
async fn a_message_that_is_refused_is_not_posted_again() {
    let gateway = Gateway::start().await;
    gateway.reply(problem(404, "unknown_chat"));
    let mut turn = post(&gateway.client().with_retries(RETRIES));
    assert_eq!(next(&mut turn).await, "error why [404]");
    assert_eq!(next(&mut turn).await, "end");
    assert_eq!(gateway.request_count(), 1);
}
