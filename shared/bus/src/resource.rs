//! A resource of an MCP server, as it travels: as JSON it would be larger than a message may be.

use async_nats::{HeaderMap, HeaderValue, Message};
use bytes::Bytes;
use contract::tool::RESOURCE_BYTES_MAX;

/// The header with the media type of a resource.
const MIME_HEADER: &str = "mw-mime";
/// The header with the reason why there is no resource.
const REJECTED_HEADER: &str = "mw-refused";
/// The media type of a resource that has none.
const MIME_DEFAULT: &str = "application/octet-stream";

/// A resource of an MCP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its media type.
    pub mime: String,
    /// All of it: at most [`RESOURCE_BYTES_MAX`].
    pub bytes: Bytes,
}

/// A resource, or why there is none, as headers and payload of a message.
pub(crate) fn encode(resource: Result<Resource, String>) -> (HeaderMap, Bytes) {
    match resource {
        Ok(resource) if resource.bytes.len() > RESOURCE_BYTES_MAX => {
            let reason = format!("it has more than {RESOURCE_BYTES_MAX} bytes");
            (header(REJECTED_HEADER, &reason), Bytes::new())
        }
        Ok(resource) => (header(MIME_HEADER, &resource.mime), resource.bytes),
        Err(reason) => (header(REJECTED_HEADER, &reason), Bytes::new()),
    }
}

/// The resource in a message, or why there is none.
pub(crate) fn decode(message: Message) -> Result<Resource, String> {
    let value = |name: &str| Some(message.headers.as_ref()?.get(name)?.as_str().to_owned());
    match value(REJECTED_HEADER) {
        Some(reason) => Err(reason),
        None => Ok(Resource {
            mime: value(MIME_HEADER).unwrap_or_else(|| MIME_DEFAULT.to_owned()),
            bytes: message.payload,
        }),
    }
}

fn header(name: &'static str, value: &str) -> HeaderMap {
    let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut headers = HeaderMap::new();
    if let Ok(value) = line.parse::<HeaderValue>() {
        headers.insert(name, value);
    }
    headers
}
