//! The configuration of the gateway.

mod api_key;
mod jwt;
mod tls;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use contract::WorldId;
use contract::world::SPEC_BYTES_MAX;
use door_atoms::DefaultFlow;
use door_kit::{
    AllowedHosts, ApiKeys, Deadlines, FanoutSettings, RateQuota, Settings, SocketLimits,
};
use serde::Deserialize;

pub use self::api_key::ApiKey;
pub use self::jwt::JwtConfig;
pub use self::tls::TlsConfig;
use crate::cors;
use crate::http_server::ConnectionLimits;

/// The configuration of the gateway.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where NATS is: its fields have their own defaults and reasons. While it is unavailable, requests are
    /// answered with 503.
    pub nats: bus::Config,
    /// Where to listen: the doors, `/livez` and `/readyz`, and `/metrics`, which needs a key where one is configured. Default: port 7000 of this machine
    /// only, since no key is configured by default. Any other address needs `api_keys`: without them the
    /// gateway does not start.
    pub listen: SocketAddr,
    /// The keys of clients. A client with a key that is a text may do everything. One with `{key = "KEY",
    /// worlds = ["lobby", "team-*"], entities = ["ann"], scopes = ["read", "send"]}` may do what is listed, and
    /// what is absent is not limited: worlds by id, or by the beginning of it; the entities as which it may act, which is
    /// checked wherever a request names who acts (the sender, the requester, the target of a result); `read` a
    /// world, `send` (act in it), `manage` (change what it is made of). What no entity does, such as creating worlds,
    /// is done as `world`, which may be in the list too. GenWorlds' door takes such keys as well, for senders and
    /// for what they receive; those of Agent World and of Atoms refuse keys that are limited. A request without a valid key is answered with 401, one that its key does not allow with 403. The
    /// key is in a header (`Authorization: Bearer KEY`, or `X-Api-Key: KEY`), or, for a GET alone, in the address
    /// (`?api_key=KEY`), since browsers can't set headers on streams, WebSockets and downloads.
    /// Default: none, and every client may, so that a first try on one machine needs no key.
    pub api_keys: Vec<ApiKey>,
    /// Tokens that authenticate clients in place of a key, where a key would be. Connections end when their token
    /// expires (3000). Default: none.
    pub jwt: JwtConfig,
    /// The certificate with which HTTPS is served, on the same port. Default: none, and plain HTTP is served, for a
    /// proxy that has one.
    pub tls: Option<TlsConfig>,
    /// The names of this gateway beside `localhost` and the addresses of this machine, without a port: those that
    /// a proxy on this machine passes on. Where no API key is configured, a request whose `Host`
    /// is another, or whose `Origin` is a page of another host, is answered with 403: it may come from a web page
    /// that a person on this machine has open. With keys it is not used, since no page has one. Default: none.
    pub allowed_hosts: Vec<String>,
    /// The origins of web pages that may call `/v1` and read `/openapi.json` from a browser (CORS):
    /// `https://app.example`, or `*` for every page. Where no API key is configured, a page must be one that
    /// `allowed_hosts` lets in besides: the check of `Host` and `Origin` comes first. WebSockets need no entry, since
    /// browsers let any page open one, and Agent World's interface has its own rule. Default: none, and browsers show
    /// responses to no page of another origin.
    pub cors_origins: Vec<String>,
    /// Where a trace viewer shows the trace of a request, with `{trace_id}` in the place of its id:
    /// `https://jaeger.example/trace/{trace_id}`. The console links to it. Default: none, and it shows the id alone.
    pub trace_url: Option<String>,
    /// A world has this long to answer a command; then the answer is 503, and the client repeats it
    /// with the same `Idempotency-Key`. Default: 30 s, longer than any failover.
    #[serde(with = "humantime_serde")]
    pub command_deadline: Duration,
    /// The archive has this long to answer a query; then the answer is 503. Default: 6 s, longer than
    /// the 5 s that it waits for `wait_for`.
    #[serde(with = "humantime_serde")]
    pub query_deadline: Duration,
    /// A client that waits for a whole turn, or for the end of a run, waits this long; then the
    /// answer is 504 and the work goes on. Default: 150 s, longer than the 120 s that one answer of an agent may
    /// take by default.
    #[serde(with = "humantime_serde")]
    pub turn_deadline: Duration,
    /// The world of a GenWorlds client that names none, at `/ws`. Default: none, which means the only world
    /// there is; where there are several, such a client gets an error frame and is closed, since a guess
    /// would be wrong.
    pub genworlds_world: Option<WorldId>,
    /// The flow of an Atoms client whose address names none, as `WORLD/FLOW`, or `WORLD` for its only flow: at
    /// `/ws`, `/health` and `/ready`. Default: none, and `/ws` is for GenWorlds clients. With one, they have
    /// `/ws/WORLD` only, since the two protocols differ only from the first frame on.
    pub atoms_flow: Option<DefaultFlow>,
    /// At shutdown `/readyz` says so at once, and everything is still served for so long: a proxy sends new requests to
    /// another gateway meanwhile, and each response asks its client to open another connection. `up` does without.
    /// Default: 5 s, which a proxy needs that looks every 2 s.
    #[serde(with = "humantime_serde")]
    pub drain_delay: Duration,
    /// After `drain_delay` streams are closed, so that their clients come back at another gateway, and open requests
    /// have this long to end, those that wait for a turn included; then they are aborted. Default:
    /// 20 s, which fits the 30 s that Compose and Kubernetes grant.
    #[serde(with = "humantime_serde")]
    pub shutdown_grace: Duration,
    /// The limits of one client.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            nats: bus::Config::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 7000)),
            api_keys: Vec::new(),
            jwt: JwtConfig::default(),
            tls: None,
            allowed_hosts: Vec::new(),
            cors_origins: Vec::new(),
            trace_url: None,
            command_deadline: Duration::from_secs(30),
            query_deadline: Duration::from_secs(6),
            turn_deadline: Duration::from_secs(150),
            genworlds_world: None,
            atoms_flow: None,
            drain_delay: Duration::from_secs(5),
            shutdown_grace: Duration::from_secs(20),
            limits: Limits::default(),
        }
    }
}

impl Config {
    /// # Errors
    /// When the doors would be open to other machines without a key, or an origin is none.
    pub(crate) fn check(&self, listen: SocketAddr) -> anyhow::Result<()> {
        anyhow::ensure!(
            listen.ip().is_loopback() || !self.api_keys.is_empty() || self.jwt.is_enabled(),
            "{listen} can be reached from other machines: set api_keys or jwt, or listen on 127.0.0.1"
        );
        anyhow::ensure!(
            self.api_keys.iter().all(|key| !key.is_empty()),
            "an API key is empty"
        );
        let keys = self.api_keys.iter().map(ApiKey::text);
        let different: HashSet<&str> = keys.collect();
        anyhow::ensure!(
            different.len() == self.api_keys.len(),
            "an API key is there twice"
        );
        anyhow::ensure!(
            self.trace_url.as_deref().is_none_or(is_trace_url),
            "trace_url: write an address with {{trace_id}} in it, https://jaeger.example/trace/{{trace_id}}"
        );
        cors::layer(&self.cors_origins).map(drop)
    }

    /// The settings of the door for clients of GenWorlds.
    pub(crate) fn genworlds_settings(&self) -> door_genworlds::Settings {
        door_genworlds::Settings {
            default_world: self.genworlds_world.clone(),
            entities_max: self.limits.genworlds_entities_max,
            busy_max: self.limits.genworlds_busy_max,
        }
    }

    /// The limits of one connection, before a door has its request.
    pub(crate) fn connection_limits(&self) -> ConnectionLimits {
        let limits = &self.limits;
        ConnectionLimits {
            headers_within: limits.headers_within,
            idle_within: limits.idle_within,
            write_timeout: limits.write_timeout,
            waiting_max: limits.waiting_max,
        }
    }

    /// The settings of the doors.
    ///
    /// # Errors
    /// When a key of tokens can't be read.
    pub(crate) fn door_settings(&self) -> anyhow::Result<Settings> {
        let limits = &self.limits;
        Ok(Settings {
            api_keys: ApiKeys::new(self.api_keys.iter().map(ApiKey::to_new)),
            tokens: self.jwt.tokens()?,
            allowed_hosts: AllowedHosts::new(self.allowed_hosts.iter().cloned()),
            trace_url: self.trace_url.clone(),
            deadlines: Deadlines {
                command: self.command_deadline,
                query: self.query_deadline,
                turn: self.turn_deadline,
            },
            rate: limits.rate.quota(),
            wrong_keys: limits.wrong_keys.quota(),
            body_bytes_max: limits.body_bytes_max,
            world_bytes_max: limits.world_bytes_max,
            body_within: limits.body_within,
            connections_max: limits.connections_max,
            fanout: FanoutSettings {
                backlog_max: limits.backlog_max,
                catch_up_bytes_max: limits.catch_up_bytes_max,
                catch_up_every: limits.catch_up_every,
            },
            sse_keep_alive: limits.sse_heartbeat,
            socket: SocketLimits {
                message_bytes_max: limits.message_bytes_max,
                write_buffer_bytes_max: limits.write_buffer_bytes_max,
                commands_in_flight_max: limits.commands_in_flight_max,
                ping_every: limits.ping_every,
                pong_within: limits.pong_within,
                write_timeout: limits.write_timeout,
            },
        })
    }
}

/// Whether a browser may follow it: nothing but a page is opened by a link of the console.
fn is_trace_url(url: &str) -> bool {
    let is_page = url.starts_with("https://") || url.starts_with("http://");
    is_page && url.contains("{trace_id}")
}

/// The limits of one client.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The largest body of a request; a larger one is answered with 413. One command may add 384 KiB to
    /// a world. Default: 1 MiB.
    pub body_bytes_max: usize,
    /// The same for a body that describes a world, which is applied in as many commits as it needs. Default: 16 MiB,
    /// the largest description that is stored.
    pub world_bytes_max: usize,
    /// The body of a request may take this long; then it is answered with 408. Default: 30 s, which is 280 kbit/s
    /// for the largest body.
    #[serde(with = "humantime_serde")]
    pub body_within: Duration,
    /// The headers of a request may take this long, from the first byte, or from the connection on; then
    /// the connection is closed. Default: 10 s, far more than they take. No key is known until then, so this
    /// and `waiting_max` are all that bounds what anybody may do who reaches the port.
    #[serde(with = "humantime_serde")]
    pub headers_within: Duration,
    /// A connection may be without a request for this long; then it is closed. Default: 75 s, longer than proxies
    /// keep one, so that it is theirs to close it.
    #[serde(with = "humantime_serde")]
    pub idle_within: Duration,
    /// Connections that may be without a request at once, those whose headers are not complete included. One more
    /// closes the one that has waited longest. Default: 512, half of the file descriptors that a process
    /// has by default.
    pub waiting_max: usize,
    /// Wrong keys of one address, each second and at once; a further one is answered with 429. A right key is let in at any
    /// time. Default: 10 and 100.
    pub wrong_keys: Rate,
    /// The largest message that a client may send over a WebSocket; a larger one closes it (1009).
    /// Default: 256 KiB, far more than a message or a few events take.
    pub message_bytes_max: usize,
    /// Open connections (SSE and WebSocket) on this gateway; one more is answered with 503. Default:
    /// 10,000, some 50 MB while they are idle: more need more gateways.
    pub connections_max: usize,
    /// Events and chunks of a world that a client may be behind; then it is closed (3008), and resumes
    /// from its position. They are kept once per world, not once per client. Default: 1024, about a second
    /// of a busy world.
    pub backlog_max: usize,
    /// What all clients together that read from an earlier position may hold of the log at once, roughly. Where they
    /// want more, the page that was read longest ago gives way: its client reads the log again, if it reads at all.
    /// Default: 64 MiB, enough for some 400 that read at the same time.
    pub catch_up_bytes_max: usize,
    /// What may wait to be written to one WebSocket; a client with more is closed (3008). Default: 1 MiB,
    /// so that clients which do not read hold a bounded amount of memory.
    pub write_buffer_bytes_max: usize,
    /// Commands of one WebSocket that may wait for their reply; further frames wait unread. Default: 512: a
    /// batch of 256 that is under way, and as many that collect for the next one.
    pub commands_in_flight_max: usize,
    /// Requests of one key, or of one address while there are no keys. Above it: 429, so that one client
    /// leaves room for the others. Each WebSocket may send as many frames, and those of one key together; further
    /// frames wait unread, and none is dropped.
    pub rate: Rate,
    /// A silent event stream sends a comment this often, so that proxies keep it open. Default: 15 s;
    /// many of them close what is silent for 30 or 60.
    #[serde(with = "humantime_serde")]
    pub sse_heartbeat: Duration,
    /// A WebSocket is pinged this often. Default: 25 s, for the same proxies.
    #[serde(with = "humantime_serde")]
    pub ping_every: Duration,
    /// A WebSocket whose pong takes longer is closed (3012). Default: 8 s, more than a bad connection
    /// needs to recover.
    #[serde(with = "humantime_serde")]
    pub pong_within: Duration,
    /// A connection whose client does not read for this long is closed: a WebSocket, an event stream or any other
    /// response. Default: 10 s, about as long as a pong may take.
    #[serde(with = "humantime_serde")]
    pub write_timeout: Duration,
    /// Entities that the clients of one key, or of one address while there are no keys, may bring into a world
    /// by naming them over GenWorlds' WebSocket, and as which one connection may act; a frame that needs one
    /// more is answered with an error frame. Default: 256, several times what GenWorlds' largest worlds have.
    pub genworlds_entities_max: usize,
    /// A client of GenWorlds may be busy for so long: it reads nothing meanwhile, answers no ping, and then reads
    /// what it missed from the log. It is closed after it (3008, or 3012 when there was nothing to read). Default:
    /// 10 min, as GenWorlds' own server has it, since its clients run their actions where they read, and can't
    /// resume from a position. It is also how late a client is noticed whose machine is gone.
    #[serde(with = "humantime_serde")]
    pub genworlds_busy_max: Duration,
    /// How often the end of a silent world's log is read, in case its last event was stored but not
    /// received. Default: 1 s, which is then how late it is; it costs one request per world that has
    /// clients.
    #[serde(with = "humantime_serde")]
    pub catch_up_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 1 << 20,
            world_bytes_max: SPEC_BYTES_MAX,
            body_within: Duration::from_secs(30),
            headers_within: Duration::from_secs(10),
            idle_within: Duration::from_secs(75),
            waiting_max: 512,
            wrong_keys: Rate::of_wrong_keys(),
            message_bytes_max: 256 << 10,
            connections_max: 10_000,
            backlog_max: 1024,
            catch_up_bytes_max: 64 << 20,
            write_buffer_bytes_max: 1 << 20,
            commands_in_flight_max: 512,
            rate: Rate::default(),
            sse_heartbeat: Duration::from_secs(15),
            ping_every: Duration::from_secs(25),
            pong_within: Duration::from_secs(8),
            write_timeout: Duration::from_secs(10),
            genworlds_entities_max: 256,
            genworlds_busy_max: Duration::from_secs(600),
            catch_up_every: Duration::from_secs(1),
        }
    }
}

/// How many requests a client may make.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rate {
    /// On average. Default: 5,000, more than one honest client sends, and a fraction of what a gateway
    /// serves.
    pub requests_per_second: NonZeroU32,
    /// At once. Default: 10,000, two seconds of it.
    pub burst: NonZeroU32,
}

impl Rate {
    fn quota(self) -> RateQuota {
        RateQuota {
            requests_per_second: self.requests_per_second,
            burst: self.burst,
        }
    }

    /// Far fewer than guessing takes.
    fn of_wrong_keys() -> Self {
        Self {
            requests_per_second: NonZeroU32::MIN.saturating_add(9),
            burst: NonZeroU32::MIN.saturating_add(99),
        }
    }
}

impl Default for Rate {
    fn default() -> Self {
        Self {
            requests_per_second: NonZeroU32::MIN.saturating_add(4_999),
            burst: NonZeroU32::MIN.saturating_add(9_999),
        }
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
    fn an_origin_that_is_none_is_refused() {
        let check = |origin: &str| {
            let cors_origins = vec![origin.to_owned()];
            let config = Config {
                cors_origins,
                ..Config::default()
            };
            config.check(config.listen)
        };
        assert!(check("https://app.example").is_ok());
        assert!(check("*").is_ok());
        let error = check("app.example").unwrap_err();
        assert!(error.to_string().contains("cors_origins"), "{error}");
    }

    #[test]
    fn a_trace_url_is_an_address_with_a_place_for_the_id() {
        for (url, is_valid) in [
            ("https://jaeger.example/trace/{trace_id}", true),
            ("http://localhost:16686/trace/{trace_id}?uiEmbed=v0", true),
            ("https://jaeger.example/trace/", false),
            ("javascript:alert({trace_id})", false),
            ("/trace/{trace_id}", false),
        ] {
            let config = Config {
                trace_url: Some(url.to_owned()),
                ..Config::default()
            };
            assert_eq!(config.check(config.listen).is_ok(), is_valid, "{url}");
        }
    }
}
