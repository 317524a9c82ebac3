//! The worker against a real nats-server, with a scripted world and a scripted model.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that does not get what it asks for can only stop"
)]

mod actions;
mod calls;
mod llm;
mod minds;
mod programs;
mod queue;
mod respond;
mod servers;
mod support;
mod tools;
