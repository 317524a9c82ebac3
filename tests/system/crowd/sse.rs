//! A client of server-sent events.

use std::sync::Arc;

use eventsource_stream::Eventsource as _;
use futures::StreamExt as _;
use reqwest::Client;
use serde_json::Value;

use super::record::{Received, Record};

/// Reads every event of the world from its beginning, and goes on behind the last one when the stream is closed.
pub(super) async fn read(record: Arc<Record>, received: Received) {
    let http = Client::new();
    let url = format!(
        "{}/v1/worlds/{}/events/stream?after=0",
        record.base, record.world
    );
    loop {
        let request = http.get(&url);
        let request = match received.last() {
            Some(last) => request.header("last-event-id", last),
            None => request,
        };
        let answer = match request.send().await {
            Ok(answer) if answer.status().is_success() => answer,
            other => {
                record.error(format!("no event stream: {other:?}"));
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            }
        };
        let mut events = answer.bytes_stream().eventsource();
        let mut code = None;
        while let Some(Ok(event)) = events.next().await {
            match event.event.as_str() {
                "ready" => {}
                "error" => code = close_code(&event.data),
                _ => received.push(&event.id),
            }
        }
        record.closed("an event stream", code);
    }
}

fn close_code(data: &str) -> Option<u16> {
    let data: Value = serde_json::from_str(data).ok()?;
    data["code"].as_u64()?.try_into().ok()
}
