//! Requests to a world and their replies travel as JSON arrays, with one element for each.
//!
//! The program on the other side may be newer and send what this build does not know. So each element
//! is decoded by itself: one that is unknown or malformed fails alone.

use contract::Reply;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::Error;

/// Joins encoded elements to an array.
pub(crate) fn encode_array<T: AsRef<[u8]>>(elements: &[T]) -> Vec<u8> {
    let size: usize = elements.iter().map(|one| one.as_ref().len() + 1).sum();
    let mut payload = Vec::with_capacity(size + 2);
    payload.push(b'[');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            payload.push(b',');
        }
        payload.extend_from_slice(element.as_ref());
    }
    payload.push(b']');
    payload
}

/// Decodes each element of an array.
///
/// # Errors
/// When the payload is no array.
pub(crate) fn decode_array<T: DeserializeOwned>(
    payload: &[u8],
) -> serde_json::Result<Vec<serde_json::Result<T>>> {
    // Nearly always all elements are known: then one pass is enough.
    if let Ok(elements) = serde_json::from_slice::<Vec<T>>(payload) {
        return Ok(elements.into_iter().map(Ok).collect());
    }
    let elements: Vec<&RawValue> = serde_json::from_slice(payload)?;
    // As a slice: the same code as above, which is large, and not compiled a second time for texts.
    let decode = |element: &RawValue| serde_json::from_slice(element.get().as_bytes());
    Ok(elements.into_iter().map(decode).collect())
}

/// Decodes the reply to a single request on `subject`.
pub(crate) fn decode_reply(subject: &str, payload: &[u8]) -> Result<Reply, Error> {
    let replies = decode_array(payload).map_err(|source| malformed(subject, source))?;
    match <[_; 1]>::try_from(replies) {
        Ok([reply]) => reply.map_err(|source| malformed(subject, source)),
        Err(replies) => Err(miscounted(subject, replies.len(), 1)),
    }
}

/// Decodes the replies to `count` requests on `subject`.
///
/// # Errors
/// When the payload is no array of as many elements.
pub(crate) fn decode_replies(
    subject: &str,
    payload: &[u8],
    count: usize,
) -> Result<Vec<serde_json::Result<Reply>>, Error> {
    let replies = decode_array(payload).map_err(|source| malformed(subject, source))?;
    if replies.len() == count {
        return Ok(replies);
    }
    Err(miscounted(subject, replies.len(), count))
}

/// A reply is malformed, or this build does not know it.
pub(crate) fn malformed(subject: &str, source: serde_json::Error) -> Error {
    Error::Decode {
        subject: subject.to_owned(),
        source,
    }
}

fn miscounted(subject: &str, replies: usize, requests: usize) -> Error {
    Error::UnexpectedReply {
        subject: subject.to_owned(),
        reason: format!("{replies} replies to {requests} requests"),
    }
}

#[cfg(test)]
mod tests {
    use contract::RequestEnvelope;

    use super::*;

    #[test]
    fn an_element_that_is_unknown_or_malformed_fails_alone() {
        let good = r#"{"request":{"state":{}}}"#;
        let newer = r#"{"request":{"from_the_future":{}}}"#;
        let decoded = |payload: &str| -> Vec<bool> {
            let elements = decode_array::<RequestEnvelope>(payload.as_bytes());
            elements.unwrap().iter().map(Result::is_ok).collect()
        };
        let mixed = format!("[{good},{{}},{good}, {newer} ,7,{good}]");
        assert_eq!(decoded(&mixed), [true, false, true, false, false, true]);
        assert!(decoded("[]").is_empty());
        for payload in ["{}", "rubbish", "[1,", ""] {
            let decoded = decode_array::<RequestEnvelope>(payload.as_bytes());
            assert!(decoded.is_err(), "{payload}");
        }
    }

    #[test]
    fn what_is_encoded_is_an_array() {
        assert_eq!(encode_array::<&[u8]>(&[]), b"[]");
        assert_eq!(encode_array(&["1"]), b"[1]");
        assert_eq!(encode_array(&["1", "[2]", "{}"]), b"[1,[2],{}]");
    }

    /// `collect` reuses the memory of the decoded elements only if a result is no larger than they are.
    #[test]
    fn lenient_decoding_allocates_no_second_vector() {
        fn is_same_size<T>() -> bool {
            size_of::<T>() == size_of::<serde_json::Result<T>>()
        }
        assert!(is_same_size::<RequestEnvelope>());
        assert!(is_same_size::<Reply>());
    }
}
