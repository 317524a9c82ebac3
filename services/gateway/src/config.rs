//! What the gateway can be told.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use contract::WorldId;
use serde::Deserialize;

/// The configuration of the gateway.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where NATS is: its fields have their own defaults and reasons. While it is away, requests are
    /// answered with 503.
    pub nats: bus::Config,
    /// Where to listen: the doors, and `/livez`, `/readyz`, `/metrics`. Default: port 7000 of this
    /// machine only, since no key is asked for by default. Any other address needs `api_keys`: without them the gateway does not start.
    pub listen: SocketAddr,
    /// Whoever has one of these may do everything. A request without a right key is answered with 401;
    /// it is in a header (`Authorization: Bearer KEY`, or `X-Api-Key: KEY`), or, for a GET alone, in the
    /// address (`?api_key=KEY`), since browsers can't set headers on streams, WebSockets and downloads.
    /// Default: none, and everybody may, so that a first try on one machine needs no key.
    pub api_keys: Vec<ApiKey>,
    /// A world has this long to answer a command; then the answer is 503, and the client repeats it
    /// with the same `Idempotency-Key`. Default: 30 s, longer than any failover.
    #[serde(with = "humantime_serde")]
    pub command_deadline: Duration,
    /// The archive has this long to answer a query; then the answer is 503. Default: 6 s, longer than
    /// the 5 s that it waits for `wait_for`.
    #[serde(with = "humantime_serde")]
    pub query_deadline: Duration,
    /// Who waits for a whole turn, or for the end of an invocation, waits this long; then the answer
    /// is 504 and the work goes on. Default: 150 s, longer than the 120 s that one answer of an agent may
    /// take by default.
    #[serde(with = "humantime_serde")]
    pub turn_deadline: Duration,
    /// The world of a GenWorlds client that names none, at `/ws`. Default: none, which is the only world
    /// there is; where there are several, such a client is told so and closed, since a guess would be
    /// wrong.
    pub genworlds_world: Option<WorldId>,
    /// What is held at the end of the process has this long to end; then it is cut off. Default: 20 s,
    /// which fits the 30 s that Compose and Kubernetes grant.
    #[serde(with = "humantime_serde")]
    pub shutdown_grace: Duration,
    /// What one client may ask for.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            nats: bus::Config::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 7000)),
            api_keys: Vec::new(),
            command_deadline: Duration::from_secs(30),
            query_deadline: Duration::from_secs(6),
            turn_deadline: Duration::from_secs(150),
            genworlds_world: None,
            shutdown_grace: Duration::from_secs(20),
            limits: Limits::default(),
        }
    }
}

impl Config {
    /// # Errors
    /// When the doors would be open to other machines without a key.
    pub(crate) fn check(&self, listen: SocketAddr) -> anyhow::Result<()> {
        anyhow::ensure!(
            listen.ip().is_loopback() || !self.api_keys.is_empty(),
            "{listen} can be reached from other machines: set api_keys, or listen on 127.0.0.1"
        );
        anyhow::ensure!(
            self.api_keys.iter().all(|key| !key.0.is_empty()),
            "an API key is empty"
        );
        Ok(())
    }
}

/// What one client may ask for.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The largest body of a request; a larger one is answered with 413. One command may add 384 KiB to
    /// a world, and a description of a world may hold several times that. Default: 1 MiB.
    pub body_bytes_max: usize,
    /// The largest message that a client may send over a WebSocket; a larger one closes it (1009).
    /// Default: 256 KiB, far more than a message or a few events take.
    pub message_bytes_max: usize,
    /// Open event streams (SSE and WebSocket) on this gateway; one more is answered with 503. Default:
    /// 10,000, some 50 MB while they are idle: more wants more gateways.
    pub connections_max: usize,
    /// Events and chunks of a world that a client may be behind; then it is closed (3008), and goes
    /// on from its position. They are kept once a world, not once a client. Default: 1024, a second or
    /// so of a busy world.
    pub backlog_max: usize,
    /// What waits to be written to one WebSocket; a client with more is closed (3008). Default: 1 MiB,
    /// so that clients which read nothing hold a bounded amount of memory.
    pub write_buffer_bytes_max: usize,
    /// Commands of one WebSocket that may wait for their world; further frames wait unread. Default: 64:
    /// a world stores what comes together at once, and more of one client gains little.
    pub commands_in_flight_max: usize,
    /// Requests of one key, or of one address while there are no keys. Above it: 429, so that one client
    /// leaves room for the others.
    pub rate: Rate,
    /// A silent stream says so this often, so that proxies keep it open. Default: 15 s; many of them cut
    /// what is silent for 30 or 60.
    #[serde(with = "humantime_serde")]
    pub sse_heartbeat: Duration,
    /// A WebSocket is pinged this often. Default: 25 s, for the same proxies.
    #[serde(with = "humantime_serde")]
    pub ping_every: Duration,
    /// A WebSocket whose pong takes longer is closed (3012). Default: 8 s, more than a bad connection
    /// takes to recover.
    #[serde(with = "humantime_serde")]
    pub pong_within: Duration,
    /// A WebSocket that takes nothing for this long is cut off. Default: 10 s, as patient as with a pong.
    #[serde(with = "humantime_serde")]
    pub write_timeout: Duration,
    /// How often the end of a silent world's log is looked at, in case its last event was stored
    /// but never passed on. Default: 1 s, which is then how late it is; it costs one request a watched
    /// world.
    #[serde(with = "humantime_serde")]
    pub catch_up_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 1 << 20,
            message_bytes_max: 256 << 10,
            connections_max: 10_000,
            backlog_max: 1024,
            write_buffer_bytes_max: 1 << 20,
            commands_in_flight_max: 64,
            rate: Rate::default(),
            sse_heartbeat: Duration::from_secs(15),
            ping_every: Duration::from_secs(25),
            pong_within: Duration::from_secs(8),
            write_timeout: Duration::from_secs(10),
            catch_up_every: Duration::from_secs(1),
        }
    }
}

/// How many requests a client may make.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rate {
    /// On average. Default: 5,000, more than one honest client asks for, and a fraction of what a gateway
    /// answers.
    pub requests_per_second: NonZeroU32,
    /// At once. Default: 10,000, two seconds of it.
    pub burst: NonZeroU32,
}

impl Default for Rate {
    fn default() -> Self {
        Self {
            requests_per_second: NonZeroU32::MIN.saturating_add(4_999),
            burst: NonZeroU32::MIN.saturating_add(9_999),
        }
    }
}

/// A secret that opens the doors. It is never shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct ApiKey(pub(crate) String);

impl ApiKey {
    /// The key of this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_address_needs_a_key() {
        let open = SocketAddr::from(([0, 0, 0, 0], 7000));
        let mut config = Config::default();
        assert!(config.check(config.listen).is_ok());
        assert!(config.check(open).is_err());
        config.api_keys = vec![ApiKey::new("secret")];
        assert!(config.check(open).is_ok());
        config.api_keys = vec![ApiKey::new("")];
        assert!(config.check(open).is_err());
    }

    #[test]
    fn a_key_is_never_shown() {
        let config = Config {
            api_keys: vec![ApiKey::new("secret")],
            ..Config::default()
        };
        assert!(!format!("{config:?}").contains("secret"));
    }
}
