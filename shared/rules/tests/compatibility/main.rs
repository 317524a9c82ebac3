//! The rules stay what they were: the same commands make the same events, and the same log makes the
//! same answers.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

mod differential;
mod fixtures;
mod generator;
#[expect(
    dead_code,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "a copy of the rules as they were, kept to be compared with"
)]
mod old;
mod random;
mod recorded;
mod rules_now;
mod rules_then;
mod session;
mod world_specs;
