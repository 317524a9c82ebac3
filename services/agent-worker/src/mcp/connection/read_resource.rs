//! Reads a resource.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bus::Resource;
use contract::tool::RESOURCE_BYTES_MAX;
use rmcp::model::{ReadResourceRequestParams, ResourceContents};

use super::lifecycle::Connection;
use crate::mcp::error::Error;

impl Connection {
    /// Reads a resource; the first of its contents, when it has several.
    pub(in crate::mcp) async fn read_resource(&self, uri: &str) -> Result<Resource, Error> {
        let params = ReadResourceRequestParams::new(uri);
        let read = self.peer.read_resource(params).await;
        let read = read.map_err(|error| self.request_error(&error))?;
        let (mime, bytes) = match read.contents.into_iter().next() {
            Some(ResourceContents::TextResourceContents {
                mime_type, text, ..
            }) => (mime_type, self.secrets.redact(&text).into_bytes()),
            Some(ResourceContents::BlobResourceContents {
                mime_type, blob, ..
            }) => {
                let bytes = STANDARD.decode(blob);
                let malformed = |_| Error::refused("the response is malformed");
                (mime_type, bytes.map_err(malformed)?)
            }
            _ => return Err(Error::refused("the resource is empty")),
        };
        if bytes.len() > RESOURCE_BYTES_MAX {
            let message = format!("the resource has more than {RESOURCE_BYTES_MAX} bytes");
            return Err(Error::refused(message));
        }
        Ok(Resource {
            mime: mime.unwrap_or_else(|| "text/plain".to_owned()),
            bytes: bytes.into(),
        })
    }
}
