//! Messages as JSON.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// Encodes a message that goes to `subject`.
pub(crate) fn encode(subject: &str, message: &impl Serialize) -> Result<Bytes, Error> {
    match serde_json::to_vec(message) {
        Ok(payload) => Ok(payload.into()),
        Err(source) => Err(Error::Encode {
            subject: subject.to_owned(),
            source,
        }),
    }
}

/// Decodes a message that came from `subject`.
pub(crate) fn decode<T: DeserializeOwned>(subject: &str, payload: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(payload).map_err(|source| Error::Decode {
        subject: subject.to_owned(),
        source,
    })
}
