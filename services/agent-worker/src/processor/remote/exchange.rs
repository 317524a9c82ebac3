//! One request to a processor behind HTTP.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use contract::processor::WEIGHTS_BYTES_MAX;
use manyworlds_sdk::Error;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::message::{Rejection, Request};
use crate::config::ProcessorsConfig;
use crate::http::{client_builder, excerpt, root_cause};

/// The longest response: weights in base64, and the outputs of a run.
const RESPONSE_BYTES_MAX: usize = 40 * 1024 * 1024;
/// The code with which a server rejects weights that it does not have.
const UNKNOWN_WEIGHTS: &str = "unknown_weights";

/// Where a request is sent.
pub(super) struct Target {
    pub(super) url: Url,
    pub(super) is_loopback: bool,
    pub(super) method: &'static str,
    pub(super) timeout: Duration,
}

impl Target {
    /// A response that makes no sense.
    pub(super) fn invalid(&self, detail: &str) -> Error {
        let reason = format!("invalid response of {}: {detail}", self.url);
        Error::failed("processor_invalid_response", reason)
    }

    pub(super) fn decode_weights(&self, weights: &str) -> Result<Bytes, Error> {
        let decoded = STANDARD.decode(weights);
        let decoded = decoded.map_err(|error| self.invalid(&format!("the weights: {error}")))?;
        if decoded.len() > WEIGHTS_BYTES_MAX {
            let bytes = decoded.len();
            let reason = format!("{bytes} bytes; at most {WEIGHTS_BYTES_MAX} are stored");
            return Err(Error::failed("weights_too_large", reason));
        }
        Ok(decoded.into())
    }
}

/// Sends requests.
pub(super) struct Exchange {
    /// `HTTP_PROXY` and the like apply, except to this machine itself.
    outside: reqwest::Client,
    loopback: reqwest::Client,
}

impl Exchange {
    pub(super) fn new(config: &ProcessorsConfig) -> anyhow::Result<Self> {
        let builder = || client_builder(config.connect_timeout);
        Ok(Self {
            outside: builder().build()?,
            loopback: builder().no_proxy().build()?,
        })
    }

    /// The response to a request; `None` when the server does not have the weights.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        target: &Target,
        request: &Request<'_>,
    ) -> Result<Option<T>, Error> {
        let body = serde_json::to_vec(request);
        let body = body.map_err(|error| Error::failed("invalid_sample", error.to_string()))?;
        let exchange = self.exchange(target, body);
        let exchange = timeout(target.timeout, exchange).await;
        let (status, body) = exchange.unwrap_or_else(|_| {
            let limit = target.timeout.as_secs_f64();
            let reason = format!("{} did not respond within {limit} s", target.url);
            Err(Error::failed("processor_timeout", reason))
        })?;
        if status.is_success() {
            let response = serde_json::from_slice(&body);
            return match response {
                Ok(response) => Ok(Some(response)),
                Err(error) => Err(target.invalid(&error.to_string())),
            };
        }
        let rejection: Option<Rejection> = serde_json::from_slice(&body).ok();
        let is_unknown = rejection.is_some_and(|rejection| rejection.code == UNKNOWN_WEIGHTS);
        let fits_code = matches!(status, StatusCode::CONFLICT | StatusCode::NOT_FOUND);
        if is_unknown && fits_code && request.weights.is_some() {
            return Ok(None);
        }
        Err(rejected(target, status, &body))
    }

    async fn exchange(&self, target: &Target, body: Vec<u8>) -> Result<(StatusCode, Bytes), Error> {
        let client = match target.is_loopback {
            true => &self.loopback,
            false => &self.outside,
        };
        let request = client
            .post(target.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        let response = request.send().await;
        let response = response.map_err(|error| unavailable(target, &error))?;
        let status = response.status();
        Ok((status, read_body(target, response).await?))
    }
}

async fn read_body(target: &Target, mut response: Response) -> Result<Bytes, Error> {
    let mut body = BytesMut::new();
    loop {
        let chunk = response.chunk().await;
        let Some(chunk) = chunk.map_err(|error| unavailable(target, &error))? else {
            return Ok(body.freeze());
        };
        if body.len() + chunk.len() > RESPONSE_BYTES_MAX {
            let reason = format!(
                "the response of {} has more than {RESPONSE_BYTES_MAX} bytes",
                target.url
            );
            return Err(Error::failed("processor_response_too_large", reason));
        }
        body.extend_from_slice(&chunk);
    }
}

/// It may be available again later: the run is attempted again.
fn unavailable(target: &Target, error: &reqwest::Error) -> Error {
    Error::transient(format!(
        "{} is unavailable: {}",
        target.url,
        root_cause(error)
    ))
}

fn rejected(target: &Target, status: StatusCode, body: &[u8]) -> Error {
    let text = excerpt(&String::from_utf8_lossy(body));
    let reason = format!("{} responded with {status}: {text}", target.url);
    let has_no_method = matches!(
        status,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
    );
    match status {
        _ if has_no_method && target.method == "backward" => {
            Error::failed("processor_does_not_learn", reason)
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Error::transient(reason),
        _ if status.is_server_error() && !has_no_method => Error::transient(reason),
        _ => Error::failed("processor_rejected", reason),
    }
}

#[cfg(test)]
mod tests;
