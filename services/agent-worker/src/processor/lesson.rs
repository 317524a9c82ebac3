//! What a processor returns that has learned.

use bytes::Bytes;
use serde_json::value::RawValue;

/// What came of the steps that a processor has learned.
pub(crate) struct Lesson {
    /// The output of each step, before it was learned.
    pub(crate) outputs: Vec<Box<RawValue>>,
    /// The loss of each step.
    pub(crate) losses: Vec<f64>,
    /// The new weights.
    pub(crate) weights: Bytes,
}

impl Lesson {
    /// The mean of the losses, if there are any.
    pub(crate) fn mean_loss(&self) -> Option<f64> {
        let count = u32::try_from(self.losses.len())
            .ok()
            .filter(|count| *count > 0)?;
        let mean = self.losses.iter().sum::<f64>() / f64::from(count);
        Some(mean).filter(|mean| mean.is_finite())
    }
}
