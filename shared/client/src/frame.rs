//! A server-sent event of the gateway, and what is in it.

use std::fmt;

use contract::http::StreamClosed;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// The first close code after which a client does not connect again.
const CLOSE_CODE_FINAL: u16 = 3500;

/// What was received, decoded and as it is on the wire.
#[derive(Clone)]
pub struct Received<T> {
    /// What it says.
    pub content: T,
    /// Its JSON, with fields that this version does not know.
    pub json: String,
}

impl<T: fmt::Debug> fmt::Debug for Received<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.content.fmt(f)
    }
}

/// A server-sent event.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) name: String,
    /// Whether it has an id of its own, as every event of a world has.
    pub(crate) has_id: bool,
    pub(crate) data: String,
}

impl Frame {
    /// Decodes the frame.
    ///
    /// # Errors
    /// [`Error::Decode`].
    pub(crate) fn decode<T: DeserializeOwned>(self) -> Result<Received<T>, Error> {
        match serde_json::from_str(&self.data) {
            Ok(content) => Ok(Received {
                content,
                json: self.data,
            }),
            Err(source) => Err(Error::Decode {
                subject: format!("{} event", self.name),
                source,
            }),
        }
    }

    /// The error with which the gateway ends a stream.
    pub(crate) fn into_close_error(self) -> Error {
        match serde_json::from_str::<StreamClosed>(&self.data) {
            Ok(StreamClosed { code, reason }) if code >= CLOSE_CODE_FINAL => {
                Error::StreamClosed { reason }
            }
            Ok(StreamClosed { reason, .. }) => Error::interrupted(reason),
            Err(_) => Error::interrupted(self.problem_detail()),
        }
    }

    /// A turn that takes too long ends its stream with a problem.
    fn problem_detail(&self) -> String {
        let problem: serde_json::Value = serde_json::from_str(&self.data).unwrap_or_default();
        let detail = problem.get("detail").and_then(serde_json::Value::as_str);
        detail.unwrap_or("no reason given").to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close_error(data: &str) -> Error {
        let frame = Frame {
            name: "error".to_owned(),
            has_id: false,
            data: data.to_owned(),
        };
        frame.into_close_error()
    }

    #[test]
    fn a_close_code_says_whether_a_stream_may_resume() {
        for (data, text, is_transient) in [
            (
                r#"{"code": 3001, "reason": "shutdown"}"#,
                "(shutdown)",
                true,
            ),
            (r#"{"code": 3501, "reason": "refused"}"#, "(refused)", false),
            (
                r#"{"detail": "the turn goes on"}"#,
                "(the turn goes on)",
                true,
            ),
            ("what?", "(no reason given)", true),
        ] {
            let error = close_error(data);
            assert!(error.to_string().ends_with(text), "{error}");
            assert_eq!(error.is_transient(), is_transient, "{error}");
        }
    }
}
