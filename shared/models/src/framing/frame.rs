//! A frame of a response.

/// A frame of a response: an event, or a JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The name of the event; empty when it has none.
    pub(crate) event: String,
    pub(crate) data: String,
}

impl Frame {
    /// A frame of bytes. Bytes that are not UTF-8 are replaced, as the standard of events requires.
    pub(crate) fn unnamed(data: &[u8]) -> Self {
        Self {
            event: String::new(),
            data: String::from_utf8_lossy(data).into_owned(),
        }
    }
}
