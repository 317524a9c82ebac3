//! Sends requests.

use std::time::Duration;

use futures::StreamExt;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind, Retry, status_error, unreachable};
use crate::protocol::{HttpRequest, decoder, write_request};
use crate::request::Request;
use crate::response::Response;

/// How much of the body of a rejection is read, and for how long: it is for a message.
const REJECTION_BYTES_MAX: usize = 64 << 10;
const REJECTION_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends requests to language models.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
}

impl Client {
    /// A client that uses this client of HTTP, with its timeouts and proxies. It should follow no
    /// redirects: they could send a key to another address.
    pub const fn new(http: reqwest::Client) -> Self {
        Self { http }
    }

    /// Sends a request, and returns its response when the server begins it.
    ///
    /// `stall_timeout`: how long the server may send nothing once the completion has begun. Any byte
    /// counts, as that of a comment which keeps the connection alive.
    ///
    /// # Errors
    /// When the server is unreachable, or rejects the request.
    pub async fn send(
        &self,
        endpoint: &Endpoint,
        request: &Request<'_>,
        stall_timeout: Duration,
    ) -> Result<Response, Error> {
        let HttpRequest {
            path,
            query,
            headers,
            body,
        } = write_request(endpoint, request);
        let mut url = endpoint.base_url.clone();
        url.set_path(&format!("{}{path}", url.path()));
        url.set_query(query.as_deref());
        let sent = self
            .http
            .post(url)
            .headers(header_map(&headers)?)
            .json(&body)
            .send();
        let response = sent.await.map_err(|error| unreachable(&error))?;
        if !response.status().is_success() {
            return Err(rejection(response).await);
        }
        Ok(Response::new(
            response.bytes_stream().boxed(),
            decoder(endpoint.protocol),
            stall_timeout,
        ))
    }
}

fn header_map(headers: &[(String, String)]) -> Result<HeaderMap, Error> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::try_from(name).map_err(|_| invalid_header(name))?;
        let mut value = HeaderValue::try_from(value).map_err(|_| invalid_header(name.as_str()))?;
        // Most of them are keys.
        value.set_sensitive(true);
        map.insert(name, value);
    }
    Ok(map)
}

fn invalid_header(name: &str) -> Error {
    let message = format!("the header {name:?} is invalid");
    Error::new(ErrorKind::Invalid, Retry::Never, message)
}

async fn rejection(mut response: reqwest::Response) -> Error {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    let read = async {
        while let Ok(Some(bytes)) = response.chunk().await {
            body.extend_from_slice(&bytes);
            if body.len() > REJECTION_BYTES_MAX {
                break;
            }
        }
    };
    // The status is known: a body that does not come changes nothing.
    let _ = tokio::time::timeout(REJECTION_TIMEOUT, read).await;
    status_error(status, &headers, &String::from_utf8_lossy(&body))
}
