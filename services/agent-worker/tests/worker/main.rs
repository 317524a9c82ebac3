//! The worker with a real nats-server, a stub of a world and a scripted model; flows with a real world.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test panics on what it does not expect"
)]

mod actions;
mod calls;
mod flows;
mod llm;
mod minds;
mod odd_models;
mod programs;
mod queue;
mod respond;
mod servers;
mod sessions;
mod support;
mod tools;
