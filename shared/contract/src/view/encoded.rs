//! Views as they travel.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::commit::Seq;

/// A view on its way: the requester, which knows its type, decodes it. Everything of a
/// world may be passed on undecoded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EncodedView {
    /// The last commit that is in it.
    pub seq: Seq,
    /// The view as JSON.
    #[serde(rename = "state")]
    pub json: Box<RawValue>,
}

impl EncodedView {
    /// Encodes a view of the state after the commit `seq`.
    ///
    /// # Errors
    /// When a value in it is no JSON.
    pub fn new(seq: Seq, view: &impl Serialize) -> serde_json::Result<Self> {
        let json = to_raw_value(view)?;
        Ok(Self { seq, json })
    }

    /// Decodes the view.
    ///
    /// # Errors
    /// When it is a view of another type.
    pub fn decode<V: DeserializeOwned>(&self) -> serde_json::Result<V> {
        serde_json::from_str(self.json.get())
    }
}
