//! What a learner reads and returns for one step.

use serde_json::value::RawValue;

/// One step of an interaction.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// The inputs of the steps before, oldest first: at least as many as the processor's `lookback`, or
    /// all that there are. For those that learn sequences.
    pub preceding: &'a [&'a RawValue],
    /// One sample for each input.
    pub inputs: &'a [Box<RawValue>],
    /// One sample for each expected output; none when nothing is learned.
    pub targets: &'a [Box<RawValue>],
}

/// What came of a step that was learned.
#[derive(Debug)]
pub struct Learned {
    /// The output before it was learned.
    pub output: Box<RawValue>,
    /// How far the output was from the target, from 0.
    pub loss: f64,
}
