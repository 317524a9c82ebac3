//! Learners learn: each is trained on one part of some data, and tested on another.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

mod regressions;
mod sequences;
mod support;
mod weights;
