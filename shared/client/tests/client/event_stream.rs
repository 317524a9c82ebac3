//! Event streams that are interrupted.

use contract::http::StreamQuery;
use manyworlds_client::{Error, EventStream, StreamItem};

use crate::support::{End, Gateway, Reply, chunk, close, event, lobby, problem, ready};

/// An item in a few words.
async fn next(stream: &mut EventStream) -> String {
    match stream.next().await {
        Ok(StreamItem::Event(event)) => format!("event {}", event.content.sequence),
        Ok(StreamItem::Chunk(chunk)) => format!("chunk {}", chunk.content.text),
        Ok(StreamItem::Interrupted { position, .. }) => format!("interrupted {position}"),
        Err(error) => format!("error {error}"),
    }
}

async fn open(gateway: &Gateway, query: StreamQuery) -> Result<EventStream, Error> {
    lobby(&gateway.client()).events().stream(query).await
}

#[tokio::test]
async fn an_interrupted_stream_resumes_without_a_gap_or_a_repeat() {
    let gateway = Gateway::start().await;
    let first = ready("0", true) + &event("1.0", "test.a") + &event("1.1", "test.b");
    gateway.reply(Reply::Events(first, End::Cut));
    gateway.reply(problem(503, "unavailable"));
    let repeated = event("1.0", "test.a") + &event("1.1", "test.b") + &event("2.0", "test.c");
    let second = ready("1.1", true) + &repeated + &close(3001, "shutdown");
    gateway.reply(Reply::Events(second, End::Closed));
    let third = ready("2.0", true) + &event("2.0", "test.c") + &event("2.1", "test.d");
    gateway.reply(Reply::Events(third, End::Open));

    let query = StreamQuery {
        after: Some("0".parse().unwrap()),
        live: true,
        ..StreamQuery::default()
    };
    let mut stream = open(&gateway, query).await.unwrap();
    assert!(stream.start().complete);
    for expected in [
        "event 1.0",
        "event 1.1",
        "interrupted 1.1",
        "interrupted 1.1",
        "event 2.0",
        "interrupted 2.0",
        "event 2.1",
    ] {
        assert_eq!(next(&mut stream).await, expected);
    }
    let line = "GET /v1/worlds/lobby/events/stream?after=0&live=true";
    for last_event_id in [None, Some("1.1"), Some("1.1"), Some("2.0")] {
        let request = gateway.request();
        assert_eq!(request.line, line);
        assert_eq!(request.header("last-event-id"), last_event_id);
    }
}

#[tokio::test]
async fn an_event_keeps_its_json_and_a_chunk_its_text() {
    let gateway = Gateway::start().await;
    let unknown = "event: of_a_newer_gateway\ndata: 1\n\n".to_owned();
    let text = ready("0", true) + &unknown + &chunk("hello") + &event("1.0", "test.a");
    let json = event("1.0", "test.a");
    let json = json.trim().rsplit_once("data: ").unwrap().1;
    gateway.reply(Reply::Events(text, End::Open));
    let mut stream = open(&gateway, StreamQuery::default()).await.unwrap();
    assert_eq!(next(&mut stream).await, "chunk hello");
    match stream.next().await.unwrap() {
        StreamItem::Event(event) => assert_eq!(event.json, json),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_position_that_is_lost_is_an_error_and_the_stream_can_continue() {
    let gateway = Gateway::start().await;
    let first = ready("7", true) + &event("8.0", "test.a");
    gateway.reply(Reply::Events(first, End::Closed));
    let second = ready("3", false) + &event("4.0", "test.b");
    gateway.reply(Reply::Events(second, End::Open));
    let mut stream = open(&gateway, StreamQuery::default()).await.unwrap();
    for expected in [
        "event 8.0",
        "interrupted 8.0",
        "error the stream can't resume behind 8.0: the log continues behind 3",
        "event 4.0",
    ] {
        assert_eq!(next(&mut stream).await, expected);
    }
}

#[tokio::test]
async fn a_stream_that_is_refused_ends() {
    for (reply, expected) in [
        (problem(410, "world_deleted"), "error why [410]"),
        (
            Reply::Events(close(3501, "refused"), End::Closed),
            "error the gateway closed the stream for good (refused)",
        ),
    ] {
        let gateway = Gateway::start().await;
        let first = ready("7", true);
        gateway.reply(Reply::Events(first, End::Closed));
        gateway.reply(reply);
        let mut stream = open(&gateway, StreamQuery::default()).await.unwrap();
        assert_eq!(next(&mut stream).await, "interrupted 7");
        assert_eq!(next(&mut stream).await, expected);
    }
}

#[tokio::test]
async fn a_malformed_event_is_an_error() {
    let gateway = Gateway::start().await;
    let text = ready("0", true) + "id: 1.0\nevent: test.a\ndata: {}\n\n";
    gateway.reply(Reply::Events(text, End::Open));
    let mut stream = open(&gateway, StreamQuery::default()).await.unwrap();
    let expected = "error malformed test.a event of the gateway";
    assert_eq!(next(&mut stream).await, expected);
}

#[tokio::test]
async fn a_stream_that_can_not_begin_is_an_error() {
    let gateway = Gateway::start().await;
    gateway.reply(problem(503, "unavailable"));
    let error = open(&gateway, StreamQuery::default()).await.err().unwrap();
    assert_eq!(error.to_string(), "why [503]");
    assert_eq!(gateway.request_count(), 1);
}
