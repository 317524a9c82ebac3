//! The worker's configuration.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use sdk::Retry;
use serde::Deserialize;

/// The configuration of a worker.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where NATS is.
    pub nats: bus::Config,
    /// Where `/livez`, `/readyz` and `/metrics` are served. Default: 127.0.0.1:7002.
    pub listen: SocketAddr,
    /// Runs of one action at a time; further ones wait in the queue, or go to other workers. Each
    /// takes a few kilobytes, and a model call one connection. Default: 64.
    pub slots_max: usize,
    /// At shutdown, what is running may take this long to end; the rest is given to other workers.
    /// Default: 20 s, which fits the 30 s that Kubernetes grants.
    #[serde(with = "humantime_serde")]
    pub shutdown_grace: Duration,
    /// The pauses between the attempts at one invocation.
    pub retry: Retry,
    /// How language models are called.
    pub llm: Llm,
    /// Which servers of tools are used, and how.
    pub mcp: Mcp,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            nats: bus::Config::default(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7002)),
            slots_max: 64,
            shutdown_grace: Duration::from_secs(20),
            retry: Retry::default(),
            llm: Llm::default(),
            mcp: Mcp::default(),
        }
    }
}

impl Config {
    /// What every worker is configured with.
    pub(crate) fn worker(&self) -> sdk::Config {
        sdk::Config {
            nats: self.nats.clone(),
            listen: self.listen,
            slots_max: self.slots_max,
            shutdown_grace: self.shutdown_grace,
            retry: self.retry.clone(),
        }
    }
}

/// How language models are called, and where keys may go.
///
/// The keys of the providers themselves come from `OPENAI_API_KEY`, `ANTHROPIC_API_KEY` and
/// `GEMINI_API_KEY`, and go to the providers' own addresses only.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Llm {
    /// Further addresses that agents may name as their `base_url`. Default: none.
    pub endpoints: Vec<Endpoint>,
    /// What an agent may name as its `base_url` that is neither a provider's own address nor in
    /// `endpoints`. Such a call never carries a key. Default: `loopback`.
    pub unlisted: Unlisted,
    /// Calls for one answer, the first included: on 408, 425, 429 and 5xx, when the model can't be
    /// reached, takes too long, or answers nonsense. All of them within the agent's turn timeout.
    /// Default: 4.
    pub calls_max: u32,
    /// The pauses between calls when the server does not say `Retry-After`.
    pub retry: Retry,
    /// An answer that has begun may pause this long; then the call has failed. Before it begins,
    /// only the agent's own `call_timeout_seconds` counts: models think. Default: 20 s.
    #[serde(with = "humantime_serde")]
    pub stall_timeout: Duration,
    /// A connection must stand within this long. Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
}

impl Default for Llm {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            unlisted: Unlisted::default(),
            calls_max: 4,
            retry: Retry::default(),
            stall_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(10),
        }
    }
}

/// An address of a language model that agents may name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Endpoint {
    /// The base URL, as agents write it; a slash at its end makes no difference.
    pub base_url: String,
    /// The environment variable that holds its key; it is called without one when absent.
    pub key_variable: Option<String>,
}

/// What becomes of addresses that the configuration does not list. Whoever describes a world
/// chooses them, so a worker that calls any of them can be made to call its own network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unlisted {
    /// None is called.
    Refuse,
    /// `localhost`, 127.0.0.0/8 and ::1 are called: a model server on the same machine works
    /// without any configuration, and in a container there is nothing else behind them.
    #[default]
    Loopback,
    /// All are called: only where whoever describes worlds may reach what the worker reaches.
    Any,
}

/// Which servers of tools are used, and how. They speak the Model Context Protocol.
///
/// ```toml
/// [[mcp.allow]]
/// command = "npx"
/// args = ["-y", "@modelcontextprotocol/server-github"]
/// variables = ["GITHUB_PERSONAL_ACCESS_TOKEN"]
///
/// [[mcp.allow]]
/// url = "https://tools.example/mcp/*"
/// bearer_variable = "TOOLS_TOKEN"
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mcp {
    /// The servers that worlds may name. Whoever describes a world chooses them, so that a program
    /// that is allowed is a program that they can run. Default: none is used.
    pub allow: Vec<Allowed>,
    /// A server must be connected, and say which tools it has, within this long each; then its
    /// tools are left out of the answer. Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// A server that nobody has used for this long is closed; the next use opens it again.
    /// Default: 5 min.
    #[serde(with = "humantime_serde")]
    pub idle_timeout: Duration,
    /// Servers that are known at a time, over all worlds. For a further one, the one that was not
    /// used for longest is closed; when all are in use, its tools are left out. Default: 64.
    pub servers_max: usize,
}

impl Default for Mcp {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(5 * 60),
            servers_max: 64,
        }
    }
}

/// Servers of tools that worlds may name: a program, or an address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Allowed {
    /// The program, as worlds write it.
    pub command: Option<String>,
    /// Its arguments, all of them.
    pub args: Vec<String>,
    /// Whether the program may be given any arguments instead. Default: no.
    pub any_args: bool,
    /// The address, as worlds write it. One that ends in `*` stands for all that begin with it, on
    /// the same host.
    pub url: Option<String>,
    /// Environment variables that the program gets, beside `PATH`, `HOME`, `LANG` and `TMPDIR`.
    pub variables: Vec<String>,
    /// The environment variable that holds the address's bearer token; none is sent when absent.
    pub bearer_variable: Option<String>,
    /// Whether worlds share one connection. Each has its own by default: a server may keep what it
    /// is told.
    pub shared: bool,
}
