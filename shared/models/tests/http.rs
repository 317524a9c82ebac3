//! Responses over HTTP: what depends on time and on connections.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

use std::time::Duration;

use models::{
    Authorization, Client, Completion, Endpoint, Error, ErrorKind, Message, Options, Protocol,
    Request, Retry,
};
use testkit::model::{ModelServer, Reply};

const STREAM: &str = "text/event-stream";
const TEXT: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"the complete answer\"},\"finish_reason\":null}]}\n\n";
const STOP: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n";
/// Longer than any test takes, unless a timeout is what it is about.
const LONG: Duration = Duration::from_secs(60);

/// Sends one request, and reads its response.
async fn complete(
    server: &ModelServer,
    protocol: Protocol,
    stall_timeout: Duration,
) -> Result<Completion, Error> {
    let endpoint = Endpoint {
        protocol,
        base_url: format!("{}/", server.base_url()).parse().unwrap(),
        query: None,
        key: None,
        authorization: Authorization::Bearer,
    };
    let options = Options::default();
    let request = Request {
        model: "m",
        system: "",
        messages: &[Message::User("Hi".to_owned())],
        tools: &[],
        options: &options,
        is_streamed: true,
    };
    let client = Client::new(reqwest::Client::builder().no_proxy().build().unwrap());
    let mut response = client.send(&endpoint, &request, stall_timeout).await?;
    while response.next().await?.is_some() {}
    response.into_completion()
}

async fn read(reply: Reply) -> Result<Completion, Error> {
    let server = ModelServer::start().await;
    server.reply(reply);
    let completed = complete(&server, Protocol::OpenAi, LONG).await;
    assert_eq!(server.requests().len(), 1, "one request");
    completed
}

#[tokio::test]
async fn an_answer_is_complete_when_the_model_has_ended() {
    for pieces in [vec![TEXT, STOP], vec![TEXT, STOP, "data: [DONE]\n\n"]] {
        for reply in [
            Reply::raw(STREAM, pieces.clone()),
            Reply::raw(STREAM, pieces.clone()).left_open(),
            Reply::raw(STREAM, pieces.clone()).cut_off(),
        ] {
            let completion = read(reply).await.unwrap();
            assert_eq!(completion.text, "the complete answer");
        }
    }
}

#[tokio::test]
async fn counts_behind_the_end_are_read() {
    for pieces in [
        vec![TEXT, STOP, USAGE],
        vec![TEXT, STOP, ": wait\n\n", USAGE],
    ] {
        let completion = read(Reply::raw(STREAM, pieces).left_open()).await.unwrap();
        assert_eq!(completion.usage.unwrap().output_tokens, 4);
    }
}

#[tokio::test]
async fn half_an_answer_is_an_error() {
    for reply in [
        Reply::raw(STREAM, [TEXT]),
        Reply::raw(STREAM, [TEXT]).cut_off(),
    ] {
        let error = read(reply).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Truncated);
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn a_server_that_stops_sending_is_given_up() {
    let server = ModelServer::start().await;
    server.reply(Reply::raw(STREAM, [TEXT]).left_open());
    let completed = complete(&server, Protocol::OpenAi, Duration::from_millis(100)).await;
    assert_eq!(completed.unwrap_err().kind, ErrorKind::Stalled);
}

#[tokio::test]
async fn each_byte_may_come_by_itself() {
    let body = [TEXT, STOP, USAGE].concat().replace('\n', "\r\n");
    let pieces = body.into_bytes().into_iter().map(|byte| vec![byte]);
    let completion = read(Reply::raw(STREAM, pieces)).await.unwrap();
    assert_eq!(completion.text, "the complete answer");
}

#[tokio::test]
async fn a_rejection_has_the_words_of_the_server() {
    let quota = r#"{"error":{"message":"no money","code":"insufficient_quota"}}"#;
    for (reply, status, words, retry) in [
        (
            Reply::rejection(400, r#"{"error":{"message":"bad"}}"#),
            400,
            "bad",
            Retry::Never,
        ),
        (
            Reply::rejection(503, "<html>busy</html>"),
            503,
            "busy",
            Retry::WithBackoff,
        ),
        (Reply::rejection(429, quota), 429, "no money", Retry::Never),
        (
            Reply::retry_after(429, "7"),
            429,
            "scripted 429",
            Retry::After(Duration::from_secs(7)),
        ),
    ] {
        let error = read(reply).await.unwrap_err();
        assert_eq!(
            (error.kind, error.retry),
            (ErrorKind::Status(status), retry)
        );
        assert!(error.message.contains(words), "{error}");
    }
}

#[tokio::test]
async fn an_error_in_the_stream_of_ollama_is_an_error() {
    let server = ModelServer::start().await;
    server.reply(Reply::raw(
        "application/x-ndjson",
        [
            "{\"message\":{\"content\":\"Yes, \"},\"done\":false}\n",
            "{\"error\":\"an error was encountered\"}\n",
        ],
    ));
    let error = complete(&server, Protocol::Ollama, LONG).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Provider);
    assert!(
        error.message.contains("an error was encountered"),
        "{error}"
    );
    assert_eq!(server.requests()[0].path, "/v1/api/chat");
}

#[tokio::test]
async fn an_unreachable_server_is_an_error() {
    let server = ModelServer::start().await;
    let endpoint = Endpoint {
        protocol: Protocol::OpenAi,
        base_url: format!("http://127.0.0.1:{}/", testkit::free_port())
            .parse()
            .unwrap(),
        query: None,
        key: None,
        authorization: Authorization::Bearer,
    };
    let options = Options::default();
    let request = Request {
        model: "m",
        system: "",
        messages: &[],
        tools: &[],
        options: &options,
        is_streamed: true,
    };
    let client = Client::new(reqwest::Client::builder().no_proxy().build().unwrap());
    let error = client
        .send(&endpoint, &request, LONG)
        .await
        .expect_err("nobody serves it");
    assert_eq!(error.kind, ErrorKind::Unreachable);
    assert!(server.requests().is_empty());
}
