//! The settings of the doors, as plain values. The gateway's configuration holds them, with the purpose
//! and the default of each.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use crate::allowed_hosts::AllowedHosts;
use crate::api_keys::ApiKeys;
use crate::tokens::Tokens;

/// What is configured for all doors.
pub struct Settings {
    /// The keys that authenticate a client; without any, every client is let in.
    pub api_keys: ApiKeys,
    /// The tokens that authenticate a client as well.
    pub tokens: Arc<Tokens>,
    /// The names of this gateway for which pages are served without a key.
    pub allowed_hosts: AllowedHosts,
    /// Where the trace of a request is shown, with `{trace_id}` in the place of its id.
    pub trace_url: Option<String>,
    /// How long a request waits for another service.
    pub deadlines: Deadlines,
    /// The requests of one principal.
    pub rate: RateQuota,
    /// The wrong keys of one address.
    pub wrong_keys: RateQuota,
    /// The largest body of a request.
    pub body_bytes_max: usize,
    /// The largest body that describes a world.
    pub world_bytes_max: usize,
    /// How long the body of a request may take.
    pub body_within: Duration,
    /// The most open connections, over SSE and WebSocket together.
    pub connections_max: usize,
    /// The fan-out of events.
    pub fanout: FanoutSettings,
    /// A silent event stream sends a comment this often.
    pub sse_keep_alive: Duration,
    /// The limits of one WebSocket.
    pub socket: SocketLimits,
}

/// How long a request waits for another service.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// For the answer of a world to a command.
    pub command: Duration,
    /// For the answer of the archive to a query.
    pub query: Duration,
    /// For the end of a turn or of a run.
    pub turn: Duration,
}

/// How many requests a principal may send.
#[derive(Debug, Clone, Copy)]
pub struct RateQuota {
    /// On average.
    pub requests_per_second: NonZeroU32,
    /// At once.
    pub burst: NonZeroU32,
}

/// The fan-out of a world's events.
#[derive(Debug, Clone, Copy)]
pub struct FanoutSettings {
    /// Frames of a world that are kept for clients that are behind.
    pub backlog_max: usize,
    /// The memory of all pages of logs that clients which are behind have not read. The oldest give way.
    pub catch_up_bytes_max: usize,
    /// How often the end of a silent world's log is read.
    pub catch_up_every: Duration,
}

/// The limits of one WebSocket.
#[derive(Debug, Clone, Copy)]
pub struct SocketLimits {
    /// The largest message of a client.
    pub message_bytes_max: usize,
    /// What may wait to be written.
    pub write_buffer_bytes_max: usize,
    /// The commands that may wait for their answer.
    pub commands_in_flight_max: usize,
    /// How often the client is pinged.
    pub ping_every: Duration,
    /// How long a pong may take.
    pub pong_within: Duration,
    /// How long a write may take.
    pub write_timeout: Duration,
}
