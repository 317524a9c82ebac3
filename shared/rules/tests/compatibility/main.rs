//! The rules stay what they were: the same commands make the same events, and the same log makes the
//! same answers.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

mod fixtures;
mod generator;
mod random;
mod recorded;
mod rules_now;
mod session;
mod world_specs;
