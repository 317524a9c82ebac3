use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;

const VERSION: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// A server that reads one request and writes these bytes; without any it never responds.
async fn serve(response: Vec<u8>) -> (u16, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        match response.is_empty() {
            true => std::future::pending().await,
            // The client may close the connection before it has read all of it.
            false => drop(stream.write_all(&response).await),
        }
    });
    (port, tasks)
}

fn http(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

async fn send(method: &'static str, port: u16) -> Result<Option<Value>, Error> {
    send_within(method, port, Duration::from_millis(500)).await
}

async fn send_within(
    method: &'static str,
    port: u16,
    timeout: Duration,
) -> Result<Option<Value>, Error> {
    let target = Target {
        url: format!("http://127.0.0.1:{port}/{method}").parse().unwrap(),
        is_loopback: true,
        method,
        timeout,
    };
    let request = Request {
        samples: Vec::new(),
        targets: None,
        weights: Some(VERSION),
        weights_data: None,
    };
    let exchange = Exchange::new(&ProcessorsConfig::default()).unwrap();
    exchange.send(&target, &request).await
}

/// The code of a failure; `transient` when it may succeed later.
fn code(sent: Result<Option<Value>, Error>) -> String {
    match sent {
        Ok(found) => format!("{found:?}"),
        Err(Error::Failed { code, .. }) => code,
        Err(Error::Transient { .. }) => "transient".to_owned(),
        Err(other) => other.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_response_has_a_code_of_its_own() {
    let unknown = br#"{"code": "unknown_weights"}"#;
    for (method, response, expected) in [
        ("forward", http("200 OK", b"null"), "Some(Null)"),
        (
            "forward",
            http("200 OK", b"{"),
            "processor_invalid_response",
        ),
        ("forward", http("409 Conflict", unknown), "None"),
        ("backward", http("404 Not Found", unknown), "None"),
        (
            "forward",
            http("400 Bad Request", unknown),
            "processor_rejected",
        ),
        ("forward", http("409 Conflict", b""), "processor_rejected"),
        ("forward", http("404 Not Found", b""), "processor_rejected"),
        (
            "backward",
            http("404 Not Found", b""),
            "processor_does_not_learn",
        ),
        (
            "backward",
            http("501 Not Implemented", b""),
            "processor_does_not_learn",
        ),
        ("forward", http("302 Found", b""), "processor_rejected"),
        ("forward", http("503 Service Unavailable", b""), "transient"),
        ("forward", http("429 Too Many Requests", b""), "transient"),
        ("forward", b"what?".to_vec(), "transient"),
        ("forward", Vec::new(), "processor_timeout"),
    ] {
        let shown = String::from_utf8_lossy(&response).into_owned();
        let (port, _tasks) = serve(response).await;
        assert_eq!(code(send(method, port).await), expected, "{method} {shown}");
    }
    let nobody = testkit::free_port();
    assert_eq!(code(send("forward", nobody).await), "transient");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_that_is_too_large_is_not_read_to_its_end() {
    let body = vec![b' '; RESPONSE_BYTES_MAX + 1];
    let (port, _tasks) = serve(http("200 OK", &body)).await;
    let found = send_within("forward", port, Duration::from_secs(20)).await;
    assert_eq!(code(found), "processor_response_too_large");
}
