//! Errors of connections.

use std::error::Error as StdError;

use super::excerpt::excerpt;
use super::request_error::{Error, ErrorKind};
use super::retry::Retry;

/// No response came.
pub(crate) fn unreachable(error: &reqwest::Error) -> Error {
    let message = format!("the model server is unreachable: {}", root_cause(error));
    Error::new(ErrorKind::Unreachable, Retry::WithBackoff, message)
}

/// The connection broke in the middle of a response.
pub(crate) fn broken(error: &reqwest::Error) -> Error {
    let message = format!("the response was cut off: {}", root_cause(error));
    Error::new(ErrorKind::Truncated, Retry::WithBackoff, message)
}

/// The innermost cause: the outer errors only name the request that failed.
fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    excerpt(&cause.to_string())
}
