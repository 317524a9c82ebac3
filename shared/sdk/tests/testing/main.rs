//! Workers in worlds in memory, as users of the SDK test them.
#![expect(
    clippy::unwrap_used,
    reason = "a test panics on what it does not expect"
)]

mod actions;
mod behaviours;
mod brains;
mod built_ins;
mod nodes;
mod objects;
mod processors;
mod scenarios;
mod support;
mod time;
mod worlds;
