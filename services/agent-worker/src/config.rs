//! The configuration of the agent worker.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use contract::Currency;
use contract::brain::Provider;
use manyworlds_sdk::Backoff;
use serde::Deserialize;

/// The configuration of the agent worker: that of every worker ([`manyworlds_sdk::Config`], which defines the
/// defaults), language models, and MCP servers.
// The fields of every worker are written out, since `serde(flatten)` would lose the names of fields
// in errors.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The connection to NATS.
    pub nats: bus::Config,
    /// Where `/livez`, `/readyz` and `/metrics` are served. Default: 127.0.0.1:7002.
    pub listen: SocketAddr,
    /// Concurrent runs of one action; further runs wait in the queue, or go to other workers. A run
    /// takes a few kilobytes, and a model request one connection. Default: 64.
    pub slots_max: usize,
    /// At shutdown, runs in progress may take this long to end; then they are requeued for other
    /// workers. Default: 20 s, which fits into the 30 s that Kubernetes grants.
    #[serde(with = "humantime_serde")]
    pub shutdown_grace: Duration,
    /// The pauses between the attempts at one run.
    pub retry: Backoff,
    /// Language models.
    pub llm: LlmConfig,
    /// MCP servers.
    pub mcp: McpConfig,
    /// Processors behind HTTP.
    pub processors: ProcessorsConfig,
}

impl Default for Config {
    fn default() -> Self {
        let manyworlds_sdk::Config {
            nats,
            listen: _,
            slots_max,
            shutdown_grace,
            retry,
        } = manyworlds_sdk::Config::default();
        Self {
            nats,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7002)),
            slots_max,
            shutdown_grace,
            retry,
            llm: LlmConfig::default(),
            mcp: McpConfig::default(),
            processors: ProcessorsConfig::default(),
        }
    }
}

impl Config {
    /// The configuration of every worker.
    pub(crate) fn worker(&self) -> manyworlds_sdk::Config {
        manyworlds_sdk::Config {
            nats: self.nats.clone(),
            listen: self.listen,
            slots_max: self.slots_max,
            shutdown_grace: self.shutdown_grace,
            retry: self.retry.clone(),
        }
    }
}

/// Language models: how requests are sent, and where keys may be sent.
///
/// The keys of the providers come from `OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, `GEMINI_API_KEY` (or
/// `GOOGLE_API_KEY`), `XAI_API_KEY`, `AZURE_OPENAI_API_KEY`, `OPENAI_COMPATIBLE_API_KEY` and
/// `OLLAMA_API_KEY`, and are sent to the addresses of their providers only: their own, or those in
/// `addresses`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LlmConfig {
    /// The addresses of providers, where they are not the usual ones. Default: none.
    pub addresses: Addresses,
    /// Further addresses that agents may use as their `base_url`. Default: none.
    pub endpoints: Vec<Endpoint>,
    /// Which addresses agents may use as their `base_url` that are neither a provider's own address
    /// nor in `endpoints`. Requests to them have no key. Default: `loopback`.
    pub unlisted: UnlistedEndpoints,
    /// Attempts at one model request: it is retried on 408, 425, 429 and 5xx, and when the model is
    /// unreachable, times out, or responds with malformed or no content; all within the agent's turn
    /// timeout. Default: 4.
    pub calls_max: u32,
    /// The pauses between attempts when the server sends no `Retry-After`.
    pub retry: Backoff,
    /// A stream that has started may pause this long; then the attempt has failed. Before it starts,
    /// only the agent's own `call_timeout_seconds` applies: models think. Default: 20 s.
    #[serde(with = "humantime_serde")]
    pub stall_timeout: Duration,
    /// Timeout for opening a connection. Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// Whether the spans of model requests have their content: prompts, messages, tool calls and their results, and
    /// answers, in `gen_ai.system_instructions`, `gen_ai.input.messages` and `gen_ai.output.messages`. Who reads the
    /// traces then reads what people write. Texts are cut at 8 KiB, and attributes at 64 KiB. Default: no.
    pub trace_content: bool,
    /// The currency of `prices`, such as `USD`. All workers of a system should have the same one: amounts in
    /// different currencies are never added. Default: none; prices need one.
    pub currency: Option<Currency>,
    /// What models cost. The first entry that matches counts; what a model without one costs is not known.
    /// Default: none.
    pub prices: Vec<ModelPrice>,
}

impl Default for LlmConfig {
    fn default() -> Self {
        Self {
            addresses: Addresses::default(),
            endpoints: Vec::new(),
            unlisted: UnlistedEndpoints::default(),
            calls_max: 4,
            retry: Backoff::default(),
            stall_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(10),
            trace_content: false,
            currency: None,
            prices: Vec::new(),
        }
    }
}

/// What a model costs, in units of `llm.currency`, with up to six digits behind the point.
///
/// ```toml
/// [llm]
/// currency = "USD"
///
/// [[llm.prices]]
/// model = "gpt-5-mini*"
/// input_per_million = 0.25
/// cached_input_per_million = 0.025
/// output_per_million = 2.0
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelPrice {
    /// The provider, as agents write it; every provider when absent.
    pub provider: Option<Provider>,
    /// The model, as agents write it. With `*` at its end, all models that begin with it.
    pub model: String,
    /// A million tokens that it reads.
    pub input_per_million: Option<f64>,
    /// A million tokens that it reads and that its provider has in a cache. Default: as `input_per_million`.
    pub cached_input_per_million: Option<f64>,
    /// A million tokens that it writes, reasoning included.
    pub output_per_million: Option<f64>,
}

/// The addresses of providers. One that is not set is that of the environment variable, and without that
/// the provider's own; the providers `azure` and `openai_compatible` have none of their own, and an agent
/// that names one of them without an address is refused.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Addresses {
    /// `OPENAI_BASE_URL`.
    pub openai: Option<String>,
    /// `OPENAI_COMPATIBLE_BASE_URL`.
    pub openai_compatible: Option<String>,
    /// `ANTHROPIC_BASE_URL`.
    pub anthropic: Option<String>,
    /// `GEMINI_BASE_URL`, or `GOOGLE_GEMINI_BASE_URL`.
    pub gemini: Option<String>,
    /// `OLLAMA_BASE_URL`. One that ends with `/v1` is used with OpenAI's protocol, which Ollama has there.
    pub ollama: Option<String>,
    /// `XAI_BASE_URL`.
    pub xai: Option<String>,
    /// OpenAI's models at Azure.
    pub azure: AzureAddress,
}

/// OpenAI's models at Azure.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AzureAddress {
    /// `AZURE_OPENAI_ENDPOINT`: `https://NAME.openai.azure.com`.
    pub endpoint: Option<String>,
    /// `AZURE_OPENAI_RESOURCE_NAME`: the name in that address, instead of it.
    pub resource_name: Option<String>,
    /// `AZURE_OPENAI_DEPLOYMENT`, or `AZURE_OPENAI_DEPLOYMENT_NAME`. Without it, an agent's model is the
    /// name of a deployment.
    pub deployment: Option<String>,
    /// `AZURE_OPENAI_API_VERSION`. Without it, requests go to `/openai/v1`, which needs none.
    pub api_version: Option<String>,
}

/// An address of language models that agents may use.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Endpoint {
    /// The base URL, as agents write it; a slash at its end makes no difference.
    pub base_url: String,
    /// The environment variable with its key; requests have no key when absent.
    pub key_variable: Option<String>,
}

/// Which addresses agents may use that the configuration does not list. The author of a world chooses
/// them, so a worker that allows any can be made to send requests into its own network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnlistedEndpoints {
    /// None.
    Refuse,
    /// `localhost`, 127.0.0.0/8 and ::1: a model server on the same machine works without
    /// configuration, and in a container nothing else is behind these addresses.
    #[default]
    Loopback,
    /// All: only where the authors of worlds may reach what the worker reaches.
    Any,
}

/// Processors behind HTTP: which may be used.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessorsConfig {
    /// The addresses that agents may use, as they write them; a slash at the end makes no difference.
    /// Default: none.
    pub allow: Vec<String>,
    /// Which addresses agents may use that are not in `allow`. Default: `loopback`.
    pub unlisted: UnlistedEndpoints,
    /// Timeout for opening a connection. Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
}

impl Default for ProcessorsConfig {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            unlisted: UnlistedEndpoints::default(),
            connect_timeout: Duration::from_secs(10),
        }
    }
}

/// MCP servers: which may be used, and how.
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
pub struct McpConfig {
    /// The servers that worlds may use. The authors of worlds choose among them: a program that is
    /// allowed is a program that they can run. Default: none.
    pub allow: Vec<AllowedServer>,
    /// Timeout for connecting to a server, and for listing its tools; then its tools are omitted
    /// from the answer. Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// A connection that is unused for this long is closed; the next use opens it again.
    /// Default: 5 min.
    #[serde(with = "humantime_serde")]
    pub idle_timeout: Duration,
    /// The maximum number of servers in the connection pool, over all worlds. A further one replaces
    /// the least recently used; when all are in use, its tools are omitted. Default: 64.
    pub servers_max: usize,
}

impl Default for McpConfig {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(5 * 60),
            servers_max: 64,
        }
    }
}

/// MCP servers that worlds may use: a program, or an address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AllowedServer {
    /// The program, as worlds write it.
    pub command: Option<String>,
    /// The exact arguments of the program.
    pub args: Vec<String>,
    /// Whether any arguments are allowed instead. Default: no.
    pub any_args: bool,
    /// The address, as worlds write it. With `*` at its end, all addresses on the same host that
    /// begin with it.
    pub url: Option<String>,
    /// Environment variables that the program gets, besides `PATH`, `HOME`, `LANG` and `TMPDIR`.
    pub variables: Vec<String>,
    /// The environment variable with the bearer token of the address; none is sent when absent.
    pub bearer_variable: Option<String>,
    /// Whether worlds share one connection. By default each has its own: a server may keep what it
    /// receives.
    pub shared: bool,
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::io::Write as _;

    use service_kit::ErrorChain;
    use service_kit::config::{Error, load_from};

    use super::*;

    fn load(file: &str, variables: &[(&str, &str)]) -> Result<Config, Box<Error>> {
        let mut named = tempfile::NamedTempFile::new().unwrap();
        named.write_all(file.as_bytes()).unwrap();
        let variables = variables
            .iter()
            .map(|(name, value)| (format!("MANYWORLDS_LLM__{name}"), (*value).to_owned()));
        load_from([named.path()], HashMap::from_iter(variables)).map_err(Box::new)
    }

    #[test]
    fn prices_are_read_from_a_file_or_from_the_environment() {
        let file = "[llm]\ncurrency = 'EUR'\n[[llm.prices]]\nmodel = 'm*'\nprovider = 'openai-compatible'\n\
                    input_per_million = 1\ncached_input_per_million = 0.25\noutput_per_million = 2.5\n";
        let variables = [
            ("CURRENCY", "EUR"),
            ("PRICES[0]__MODEL", "m*"),
            ("PRICES[0]__PROVIDER", "openai_compatible"),
            ("PRICES[0]__INPUT_PER_MILLION", "1"),
            ("PRICES[0]__CACHED_INPUT_PER_MILLION", "0.25"),
            ("PRICES[0]__OUTPUT_PER_MILLION", "2.5"),
        ];
        for config in [load(file, &[]), load("", &variables)] {
            let llm = config.unwrap().llm;
            assert_eq!(llm.currency, "EUR".parse().ok());
            let [price] = &llm.prices[..] else {
                panic!("{:?}", llm.prices);
            };
            assert_eq!(price.provider, Some(Provider::OpenaiCompatible));
            assert_eq!(price.model, "m*");
            let ModelPrice {
                input_per_million,
                cached_input_per_million,
                output_per_million,
                ..
            } = price;
            let parts = [
                input_per_million,
                cached_input_per_million,
                output_per_million,
            ];
            assert_eq!(parts, [&Some(1.0), &Some(0.25), &Some(2.5)]);
        }
    }

    #[test]
    fn a_field_of_a_price_that_can_not_be_is_named() {
        for (name, value, named) in [
            ("CURRENCY", "dollar", "currency"),
            ("PRICES[0]__INPUT", "1", "input"),
            ("PRICES[0]__INPUT_PER_MILLION", "much", "input_per_million"),
            ("PRICES[0]__PROVIDER", "mine", "provider"),
        ] {
            let error = load("", &[(name, value)]).unwrap_err();
            let error = ErrorChain(&error).to_string();
            assert!(error.contains(named), "{name}: {error}");
        }
    }
}
