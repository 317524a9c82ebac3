//! One request and its reply.

use std::time::Duration;

use async_nats::client::RequestErrorKind;
use async_nats::{Client, HeaderMap, Message};
use bytes::Bytes;
use futures::future::BoxFuture;

use crate::trace;

/// Why a request got no reply.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum NoReply {
    #[error("no responders")]
    NoResponders,
    #[error("timed out")]
    Timeout,
    #[error("another replica has taken over")]
    OwnerChanged,
    #[error("{0}")]
    Failed(String),
}

/// Sends a request, with the current trace, and waits for its reply.
pub(crate) fn request(
    client: &Client,
    subject: &str,
    payload: Bytes,
    timeout: Duration,
) -> BoxFuture<'static, Result<Message, NoReply>> {
    request_with_headers(client, subject, payload, trace::headers(), timeout)
}

/// Sends a request with these headers, and waits for its reply.
pub(crate) fn request_with_headers(
    client: &Client,
    subject: &str,
    payload: Bytes,
    headers: Option<HeaderMap>,
    timeout: Duration,
) -> BoxFuture<'static, Result<Message, NoReply>> {
    let request = async_nats::Request {
        payload: Some(payload),
        headers,
        timeout: Some(Some(timeout)),
        inbox: None,
    };
    let (client, subject) = (client.clone(), subject.to_owned());
    Box::pin(async move {
        let reply = client.send_request(subject, request).await;
        reply.map_err(|error| match error.kind() {
            RequestErrorKind::NoResponders => NoReply::NoResponders,
            RequestErrorKind::TimedOut => NoReply::Timeout,
            _ => NoReply::Failed(error.to_string()),
        })
    })
}
