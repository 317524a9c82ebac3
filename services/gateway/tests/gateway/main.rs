//! The gateway with a real nats-server, and a real world service behind it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that does not get what it expects can only stop"
)]

mod agent_world;
mod atoms;
mod behaviours;
mod closes;
mod console;
mod cors;
mod edge_json;
mod failures;
mod flows;
mod genworlds;
mod interactions;
mod keys;
mod lobby;
mod pages;
mod path_params;
mod positions;
mod presence;
mod repeats;
mod requests;
mod rolling_restart;
mod scopes;
mod slow_clients;
mod sockets;
mod stopped_readers;
mod streams;
mod support;
mod system;
mod tls;
mod tokens;
mod worlds;
