//! The worker with a real nats-server, a real world service and a scripted model.
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
mod world_log;
mod world_service;
