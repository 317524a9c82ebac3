//! A client of a gateway, as a user would write one: it repeats what was not answered.

use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use testkit::eventually_within;
use uuid::Uuid;

/// How long a request is repeated before the test has failed.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long a service may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(35);
/// Pause before a request is repeated.
const PAUSE: Duration = Duration::from_millis(50);

/// One gateway, or the health pages of another service.
#[derive(Clone)]
pub struct Http {
    /// Its address, without a path.
    pub base: String,
    client: Client,
    attempt: Duration,
}

impl Http {
    /// The gateway at `base`.
    pub fn new(base: String) -> Self {
        Self {
            base,
            client: Client::new(),
            attempt: ATTEMPT,
        }
    }

    /// The same gateway, for requests that are answered at once: an attempt may take this long.
    #[must_use]
    pub fn with_attempts_of(mut self, attempt: Duration) -> Self {
        self.attempt = attempt;
        self
    }

    /// One attempt: its status and its JSON, null when there is none.
    ///
    /// # Errors
    /// When the gateway can't be reached.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> reqwest::Result<(StatusCode, Value)> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .timeout(self.attempt);
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let bytes = answer.bytes().await?;
        Ok((
            status,
            serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        ))
    }

    /// Waits until it says that it is ready, as every service does.
    ///
    /// # Panics
    /// When it does not.
    pub async fn ready(&self) {
        self.ready_within(READY_WITHIN).await;
    }

    /// Waits as long as `deadline` until it says that it is ready.
    ///
    /// # Panics
    /// When it does not.
    pub async fn ready_within(&self, deadline: Duration) {
        eventually_within(deadline, &format!("{} is ready", self.base), async || {
            let answer = reqwest::get(format!("{}/readyz", self.base)).await;
            answer.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }

    /// Posts until it is accepted, with one idempotency key; any of `doors` may answer.
    ///
    /// # Panics
    /// When it is refused, or not answered for a long time.
    pub async fn post(doors: &[Self], path: &str, body: &Value) -> Value {
        let key = Uuid::now_v7().to_string();
        Self::repeat(doors, Method::POST, path, Some(body), Some(&key)).await
    }

    /// Gets until it is answered with success.
    ///
    /// # Panics
    /// When it is not for a long time.
    pub async fn get(doors: &[Self], path: &str) -> Value {
        Self::repeat(doors, Method::GET, path, None, None).await
    }

    /// Sends a request to one gateway after the other until one answers it with success.
    async fn repeat(
        doors: &[Self],
        method: Method,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Value {
        let until = Instant::now() + PATIENCE;
        let mut last = String::new();
        for door in doors.iter().cycle() {
            if Instant::now() > until {
                break;
            }
            match door.send(method.clone(), path, body, key).await {
                Ok((status, answer)) if status.is_success() => return answer,
                // What a GET asks for may not be there yet.
                Ok((status, answer))
                    if method != Method::GET && status.is_client_error() && status != 429 =>
                {
                    panic!("{path} was refused: {status} {answer}")
                }
                Ok((status, answer)) => last = format!("{status} {answer}"),
                Err(error) => last = error.to_string(),
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("{path} was not answered for {PATIENCE:?}: {last}")
    }

    /// Opens a stream of server-sent events.
    ///
    /// # Errors
    /// When the gateway can't be reached, or refuses.
    pub async fn stream(
        &self,
        path: &str,
        last_event_id: Option<&str>,
    ) -> reqwest::Result<reqwest::Response> {
        let mut request = self.client.get(format!("{}{path}", self.base));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        request.send().await?.error_for_status()
    }
}
