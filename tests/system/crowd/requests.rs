//! Clients of REST.

use std::sync::Arc;
use std::time::Instant;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::http;
use super::record::Record;

/// Posts messages in a chat of its own, one after the other, until it is over. With `wait`, each answer has that of
/// the agent.
pub(super) async fn post(record: Arc<Record>, number: usize, wait: bool) {
    let http = http();
    let url = format!(
        "{}/v1/worlds/{}/chats/chat-{number}/messages",
        record.base, record.world
    );
    while !record.is_over() {
        let sent = Instant::now();
        let body = json!({"sender": format!("user-{number}"), "text": "hello", "wait": wait});
        let Some(answer) = answer(&record, http.post(&url).json(&body)).await else {
            continue;
        };
        let answers = answer["answers"].as_array().map_or(0, Vec::len);
        if wait && answers != 1 {
            record.error(format!("a turn has {answers} answers: {answer}"));
        }
        match answer["id"].as_str().and_then(|id| id.parse().ok()) {
            Some(id) => record.acknowledge(number, id),
            None => record.error(format!("no id: {answer}")),
        }
        record.answer(number, sent);
    }
}

/// Reads pages of the world and of the archive, one after the other, until it is over.
pub(super) async fn read_pages(record: Arc<Record>, number: usize) {
    let http = http();
    let world = format!("{}/v1/worlds/{}", record.base, record.world);
    let pages = [
        "/state",
        "/chats/chat-0/messages?limit=20",
        "/events?after=0&limit=20",
        "/entities",
        "/usage",
    ];
    for page in pages.into_iter().cycle() {
        if record.is_over() {
            return;
        }
        let sent = Instant::now();
        if answer(&record, http.get(format!("{world}{page}")))
            .await
            .is_some()
        {
            record.answer(number, sent);
        }
    }
}

/// The answer to a request; none, and an error is noted, when it is refused or there is none.
async fn answer(record: &Record, request: RequestBuilder) -> Option<Value> {
    let sent = Instant::now();
    let (http, request) = request.build_split();
    let request = request.unwrap();
    let is_page = request.method() == Method::GET;
    let error = match http.execute(request).await {
        Ok(answer) => {
            let (status, url) = (answer.status(), answer.url().clone());
            match answer.json().await {
                Ok(body) if status.is_success() => return Some(body),
                Ok(body) => format!("{url}: {status} {body}"),
                Err(error) => format!("{url}: {status} {error:?}"),
            }
        }
        Err(error) => format!("{error:?}"),
    };
    let error = format!("{error} after {:?}", sent.elapsed());
    match is_page && error.contains(" 503 ") {
        true => record.unavailable(error),
        false => record.error(error),
    }
    // Whatever it is, it is not to fill the memory of the test.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    None
}
