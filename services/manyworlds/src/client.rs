//! The gateway, over HTTP.

use std::fmt;
use std::time::Duration;

use anyhow::Context as _;
use eventsource_stream::{Event, Eventsource as _};
use futures::{Stream, StreamExt as _};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A gateway that does not accept the connection within this long is unavailable.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longer than the 30 s after which the gateway itself responds with a timeout.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(60);
/// A stream that is silent for this long is dead: the gateway sends a comment every 15 s.
const SILENCE_MAX: Duration = Duration::from_secs(45);

/// A client of one gateway. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    api_key: Option<String>,
}

/// Why the gateway rejects a request (RFC 9457).
#[derive(Debug, Default, Deserialize, thiserror::Error)]
#[serde(default)]
pub(crate) struct Problem {
    pub(crate) title: String,
    pub(crate) status: u16,
    pub(crate) detail: String,
    pub(crate) field: Option<String>,
}

/// The stream ended before it was complete.
#[derive(Debug, thiserror::Error)]
#[error("the gateway's stream was interrupted ({reason})")]
pub(crate) struct StreamInterrupted {
    reason: String,
}

impl StreamInterrupted {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
        }
    }

    /// From the last event of a stream, with which the gateway ends it.
    pub(crate) fn read(data: &str) -> Self {
        let problem: Value = serde_json::from_str(data).unwrap_or_default();
        let reason = problem.get("reason").or_else(|| problem.get("detail"));
        Self::new(reason.and_then(Value::as_str).unwrap_or("no reason given"))
    }
}

/// Whether a retry of the request may succeed.
pub(crate) fn is_temporary(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<Problem>() {
        Some(problem) => matches!(problem.status, 429 | 500..=599),
        None => error.chain().any(|cause| {
            cause.is::<reqwest::Error>()
                || cause.is::<StreamInterrupted>()
                || cause.is::<eventsource_stream::EventStreamError<reqwest::Error>>()
        }),
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match (self.title.as_str(), self.detail.as_str()) {
            ("", "") => "the gateway rejected the request",
            (title, "") => title,
            (_, detail) => detail,
        };
        write!(f, "{text}")?;
        if let Some(field) = &self.field {
            write!(f, " (field {field})")?;
        }
        write!(f, " [{}]", self.status)
    }
}

impl Client {
    /// A client of the gateway at `url`.
    pub(crate) fn new(url: &str, api_key: Option<String>) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("manyworlds/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .context("prepare HTTP")?;
        Ok(Self {
            http,
            url: url.trim_end_matches('/').to_owned(),
            api_key,
        })
    }

    /// Sends a request and decodes the response as JSON. `()` decodes an empty one.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<T> {
        let mut request = self.request(method, path).timeout(RESPONSE_TIMEOUT);
        if let Some(body) = body {
            request = request.json(body);
        }
        let text = self
            .send(request)
            .await?
            .text()
            .await
            .context("read the gateway's response")?;
        // A response without content only means success.
        let text = if text.trim().is_empty() {
            "null"
        } else {
            &text
        };
        serde_json::from_str(text).context("malformed response of the gateway")
    }

    /// The events of an SSE stream that responds to a request, with a body or without.
    pub(crate) async fn stream(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<impl Stream<Item = anyhow::Result<Event>> + Unpin + use<>> {
        let mut request = self
            .request(method, path)
            .header("accept", "text/event-stream");
        if let Some(body) = body {
            request = request.json(body);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let bytes = self.send(request).await?.bytes_stream().eventsource();
        let events = futures::stream::unfold(Box::pin(bytes), async |mut bytes| {
            let next = match tokio::time::timeout(SILENCE_MAX, bytes.next()).await {
                Ok(next) => next?.context("read the gateway's stream"),
                Err(_) => Err(StreamInterrupted::new("no keep-alive").into()),
            };
            Some((next, bytes))
        });
        Ok(Box::pin(events))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.api_key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let response = request.send().await.map_err(|error| {
            let hint = if error.is_connect() {
                " (is `manyworlds up` running?)"
            } else {
                ""
            };
            anyhow::Error::new(error.without_url()).context(format!("reach {}{hint}", self.url))
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        Err(problem(status, &response.text().await.unwrap_or_default()).into())
    }
}

fn problem(status: StatusCode, body: &str) -> Problem {
    let mut problem: Problem = serde_json::from_str(body).unwrap_or_else(|_| Problem {
        detail: body.lines().next().unwrap_or_default().to_owned(),
        ..Problem::default()
    });
    problem.status = status.as_u16();
    if status == StatusCode::UNAUTHORIZED {
        problem
            .detail
            .push_str(": pass --api-key, or set MANYWORLDS_API_KEY");
    }
    if problem.title.is_empty() {
        problem.title = status.canonical_reason().unwrap_or_default().to_owned();
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_one_clear_line() {
        let body = r#"{"type": "x", "title": "Unknown chat", "status": 404, "detail": "no chat x", "field": "chat"}"#;
        let problem = problem(StatusCode::NOT_FOUND, body);
        assert_eq!(problem.to_string(), "no chat x (field chat) [404]");
    }

    #[test]
    fn an_answer_of_another_server_is_told_as_it_is() {
        let told = problem(StatusCode::BAD_GATEWAY, "upstream down\nmore");
        assert_eq!(told.to_string(), "upstream down [502]");
        let silent = problem(StatusCode::BAD_GATEWAY, "");
        assert_eq!(silent.to_string(), "Bad Gateway [502]");
    }
}
