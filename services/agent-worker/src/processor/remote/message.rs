//! What is sent to a processor behind HTTP, and what it returns.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The body of `POST /forward` and of `POST /backward`.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    /// One sample for each step.
    pub(super) samples: Vec<Box<RawValue>>,
    /// The expected output of each step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) targets: Option<Vec<Box<RawValue>>>,
    /// The version of the weights to use; null before anything was learned.
    pub(super) weights: Option<&'a str>,
    /// These weights themselves, when the server does not have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) weights_data: Option<String>,
}

impl Request<'_> {
    pub(super) fn set_weights(&mut self, weights: &[u8]) {
        self.weights_data = Some(STANDARD.encode(weights));
    }
}

/// The response to `POST /forward`.
#[derive(Deserialize)]
pub(super) struct ForwardResponse {
    /// One output for each sample.
    pub(super) outputs: Vec<Box<RawValue>>,
}

/// The response to `POST /backward`.
#[derive(Deserialize)]
pub(super) struct BackwardResponse {
    /// The new weights, in base64.
    pub(super) weights: String,
    /// The loss of each sample, if it has any.
    #[serde(default)]
    pub(super) loss: Vec<f64>,
    /// The output for each sample before it was learned.
    #[serde(default)]
    pub(super) outputs: Option<Vec<Box<RawValue>>>,
}

/// The response of a server that rejects a request.
#[derive(Deserialize)]
pub(super) struct Rejection {
    /// A word for programs.
    #[serde(default)]
    pub(super) code: String,
}
