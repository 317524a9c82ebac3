//! The whole system: real processes, real servers, real clients.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

mod abilities;
mod agent_world;
mod atoms;
mod backup;
mod behaviour_conformance;
mod behaviour_worlds;
mod behaviours;
mod chaos;
mod clients;
mod clocks;
mod console;
mod conversation;
mod crowd;
mod dead_letters;
mod frame_fuzz;
mod genworlds;
mod interactions;
mod keys;
mod learning;
mod minds;
mod nats_failover;
mod night_desk;
mod observability;
mod order;
mod outage;
mod pipeline;
mod presence;
mod revisions;
mod rolling_restart;
mod school_kills;
mod streams;
mod tools;
mod trace;
mod usage;
mod worlds;
