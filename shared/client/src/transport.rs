//! Requests over HTTP: sent, repeated, and their responses decoded.

use std::fmt;
use std::time::Duration;

use reqwest::{Method, Request, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::error::Error;
use crate::problem;
use crate::retry::{RETRY_INTERVAL, Retry};
use crate::sse::SseConnection;

/// A gateway that does not accept the connection within this long is unavailable.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longer than the 30 s after which the gateway itself responds with a timeout.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(60);
/// Longer than the 150 s (`turn_deadline`) for which the gateway waits for a turn or a run.
const WAIT_TIMEOUT: Duration = Duration::from_secs(180);

/// A name for a command: repeated with it, the command is executed once.
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// One gateway, over HTTP. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Transport {
    http: reqwest::Client,
    url: String,
    api_key: Option<String>,
    retry_window: Duration,
}

// Without the API key, which is a secret.
impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Transport {
    pub(crate) fn new(url: &str, api_key: Option<String>) -> Result<Self, Error> {
        let url = url.trim_end_matches('/').to_owned();
        let http = reqwest::Client::builder()
            .user_agent(concat!("manyworlds/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .build();
        match http {
            Ok(http) => Ok(Self {
                http,
                url,
                api_key,
                retry_window: Duration::ZERO,
            }),
            Err(error) => Err(Error::InvalidRequest {
                url,
                source: error.into(),
            }),
        }
    }

    pub(crate) fn with_retry_window(self, retry_window: Duration) -> Self {
        Self {
            retry_window,
            ..self
        }
    }

    /// The retries of one request.
    pub(crate) fn retry(&self) -> Retry {
        Retry::new(self.retry_window)
    }

    /// Reads a resource.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &impl Serialize,
    ) -> Result<T, Error> {
        let request = self.request(Method::GET, path).query(query);
        self.call(request.timeout(RESPONSE_TIMEOUT)).await
    }

    /// Sends a command without a body.
    pub(crate) async fn command<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
    ) -> Result<T, Error> {
        let request = self.request(method, path).timeout(RESPONSE_TIMEOUT);
        self.call(self.with_key(request)).await
    }

    /// Sends a command without a body, with parameters in its address.
    pub(crate) async fn command_with_query<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &impl Serialize,
    ) -> Result<T, Error> {
        let request = self.request(method, path).query(query);
        self.call(self.with_key(request.timeout(RESPONSE_TIMEOUT)))
            .await
    }

    /// Sends a command.
    pub(crate) async fn command_with<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let request = self.request(method, path).json(body);
        self.call(self.with_key(request.timeout(RESPONSE_TIMEOUT)))
            .await
    }

    /// Sends a command whose response may wait for what follows from it.
    pub(crate) async fn command_and_wait<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let request = self.request(Method::POST, path).json(body);
        self.call(self.with_key(request.timeout(WAIT_TIMEOUT)))
            .await
    }

    /// Reads a resource that is not JSON.
    pub(crate) async fn get_document(
        &self,
        path: &str,
        query: &impl Serialize,
    ) -> Result<String, Error> {
        let request = self.request(Method::GET, path).query(query);
        self.call_text(request.timeout(RESPONSE_TIMEOUT)).await
    }

    /// Reads a page that is not JSON. Any status is a response.
    pub(crate) async fn get_text(&self, path: &str) -> Result<(bool, String), Error> {
        let request = self.request(Method::GET, path).timeout(RESPONSE_TIMEOUT);
        let response = self.execute(self.build(request)?).await?;
        let is_success = response.status().is_success();
        Ok((is_success, read_text(response).await?))
    }

    /// Opens an event stream.
    pub(crate) async fn open_stream(
        &self,
        request: RequestBuilder,
    ) -> Result<SseConnection, Error> {
        let request = self.build(request.header("accept", "text/event-stream"))?;
        // Not as the timeout of the request, which would also end the stream.
        let response = timeout(RESPONSE_TIMEOUT, self.execute(request)).await;
        let response = response.map_err(|elapsed| Error::Transport {
            operation: self.reach(),
            source: elapsed.into(),
        })?;
        Ok(SseConnection::new(check(response?).await?))
    }

    /// A request to be completed.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.api_key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// Only what may be repeated needs a key.
    fn with_key(&self, request: RequestBuilder) -> RequestBuilder {
        match self.retry_window.is_zero() {
            true => request,
            false => request.header(IDEMPOTENCY_KEY, Uuid::now_v7().to_string()),
        }
    }

    /// Sends a request, again after transient failures, and decodes the response.
    async fn call<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Error> {
        let text = self.call_text(request).await?;
        serde_json::from_str(&text).map_err(|source| Error::Decode {
            subject: "response".to_owned(),
            source,
        })
    }

    /// Sends a request, again after transient failures, and reads the response.
    async fn call_text(&self, request: RequestBuilder) -> Result<String, Error> {
        let mut retry = self.retry();
        let mut request = self.build(request)?;
        loop {
            // A body in memory, as all of ours, can be cloned.
            let next = request.try_clone();
            match (self.attempt(request).await, next) {
                (Err(error), Some(next)) if retry.allows(&error) => request = next,
                (result, _) => return result,
            }
            sleep(RETRY_INTERVAL).await;
        }
    }

    async fn attempt(&self, request: Request) -> Result<String, Error> {
        let response = check(self.execute(request).await?).await?;
        read_text(response).await
    }

    fn build(&self, request: RequestBuilder) -> Result<Request, Error> {
        request.build().map_err(|error| Error::InvalidRequest {
            url: self.url.clone(),
            source: error.without_url().into(),
        })
    }

    async fn execute(&self, request: Request) -> Result<Response, Error> {
        self.http.execute(request).await.map_err(|error| {
            let is_connect = error.is_connect();
            let source = error.without_url().into();
            match is_connect {
                true => Error::Connect {
                    url: self.url.clone(),
                    source,
                },
                false => Error::Transport {
                    operation: self.reach(),
                    source,
                },
            }
        })
    }

    fn reach(&self) -> String {
        format!("reach {}", self.url)
    }
}

/// The response, if its status is a success.
async fn check(response: Response) -> Result<Response, Error> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    // The status is enough when the body can't be read.
    let body = response.text().await.unwrap_or_default();
    let problem = problem::decode(status.as_u16(), &body);
    Err(Error::Problem(Box::new(problem)))
}

async fn read_text(response: Response) -> Result<String, Error> {
    response.text().await.map_err(|error| Error::Transport {
        operation: "read the gateway's response".to_owned(),
        source: error.without_url().into(),
    })
}
