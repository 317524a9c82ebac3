//! Which MCP servers this worker may use, and their secrets.
//!
//! The author of a world chooses its servers. A program is started, and an address is connected to,
//! only if the worker's configuration lists it; and it gets only the secrets that are listed with it.

use std::ffi::OsString;

use anyhow::{Context as _, bail, ensure};
use contract::tool::McpServer;
use reqwest::Url;

use super::secrets::Secrets;
use crate::config::AllowedServer;
use crate::http::is_loopback;
use crate::secret::Secret;

/// The environment variables that every program inherits: enough to be found and to run.
const INHERITED_VARIABLES: [&str; 4] = ["PATH", "HOME", "LANG", "TMPDIR"];
/// Not allowed in a path that is compared by its prefix: a server may decode them to slashes.
const ENCODED_SLASHES: [&str; 4] = ["%2f", "%2F", "%5c", "%5C"];

/// How to connect to a server.
#[derive(Debug, Clone)]
pub(super) enum Route {
    ChildProcess {
        command: String,
        args: Vec<String>,
        variables: Vec<(String, OsString)>,
        secrets: Secrets,
    },
    Http {
        url: Url,
        key: Option<Secret>,
        is_loopback: bool,
    },
}

impl Route {
    /// The secrets that the server gets, and may repeat.
    pub(super) fn secrets(&self) -> Secrets {
        match self {
            Self::ChildProcess { secrets, .. } => secrets.clone(),
            Self::Http { key, .. } => Secrets::new(key.iter().cloned().collect()),
        }
    }
}

/// The permission to use a server.
#[derive(Debug)]
pub(super) struct Permit {
    pub(super) route: Route,
    /// Whether worlds share one connection.
    pub(super) is_shared: bool,
}

/// The servers that this worker may use.
pub(super) struct Allowlist {
    entries: Vec<Entry>,
}

struct Entry {
    pattern: Pattern,
    is_shared: bool,
}

/// The servers that an entry allows.
enum Pattern {
    ChildProcess {
        command: String,
        /// Compared exactly; absent when any arguments are allowed.
        args: Option<Vec<String>>,
        variables: Vec<(String, OsString)>,
        secrets: Secrets,
    },
    Http {
        url: Url,
        /// Whether all addresses that begin with it are allowed.
        is_prefix: bool,
        key: Option<Secret>,
    },
}

impl Allowlist {
    /// Reads the secrets of all entries.
    ///
    /// # Errors
    /// When an entry is invalid, or a variable of it is not set.
    pub(super) fn new(allowed: &[AllowedServer]) -> anyhow::Result<Self> {
        let entry = |(index, allowed): (usize, &AllowedServer)| {
            parse_entry(allowed).with_context(|| format!("mcp.allow: entry {}", index + 1))
        };
        let entries: anyhow::Result<_> = allowed.iter().enumerate().map(entry).collect();
        Ok(Self { entries: entries? })
    }

    /// The permission of the first entry that allows a server.
    pub(super) fn permit(&self, server: &McpServer) -> Option<Permit> {
        self.entries.iter().find_map(|entry| {
            Some(Permit {
                route: entry.pattern.route(server)?,
                is_shared: entry.is_shared,
            })
        })
    }
}

impl Pattern {
    /// The route to a server that matches.
    fn route(&self, server: &McpServer) -> Option<Route> {
        match (self, server) {
            (
                Self::ChildProcess {
                    command,
                    args,
                    variables,
                    secrets,
                },
                McpServer::Stdio {
                    command: wanted,
                    args: given,
                },
            ) if command == wanted && args.as_ref().is_none_or(|args| args == given) => {
                Some(Route::ChildProcess {
                    command: command.clone(),
                    args: given.clone(),
                    variables: variables.clone(),
                    secrets: secrets.clone(),
                })
            }
            (
                Self::Http {
                    url,
                    is_prefix,
                    key,
                },
                McpServer::Http { url: wanted },
            ) => {
                let wanted = parse_url(wanted).ok()?;
                let is_match = match is_prefix {
                    true => has_prefix(&wanted, url),
                    false => wanted == *url,
                };
                is_match.then(|| Route::Http {
                    is_loopback: is_loopback(&wanted),
                    url: wanted,
                    key: key.clone(),
                })
            }
            _ => None,
        }
    }
}

fn parse_entry(allowed: &AllowedServer) -> anyhow::Result<Entry> {
    let pattern = match (&allowed.command, &allowed.url) {
        (Some(command), None) => parse_program(allowed, command)?,
        (None, Some(url)) => parse_address(allowed, url)?,
        _ => bail!("it must have either `command` or `url`"),
    };
    Ok(Entry {
        pattern,
        is_shared: allowed.shared,
    })
}

fn parse_program(allowed: &AllowedServer, command: &str) -> anyhow::Result<Pattern> {
    ensure!(!command.is_empty(), "`command` is empty");
    let no_bearer = allowed.bearer_variable.is_none();
    ensure!(no_bearer, "`bearer_variable` is for a `url` only");
    let is_unambiguous = allowed.args.is_empty() || !allowed.any_args;
    ensure!(is_unambiguous, "it must have either `args` or `any_args`");
    let inherited = INHERITED_VARIABLES
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), std::env::var_os(name)?)));
    let mut variables: Vec<_> = inherited.collect();
    for name in &allowed.variables {
        let value = std::env::var_os(name).with_context(|| format!("{name} is not set"))?;
        variables.push((name.clone(), value));
    }
    let names = allowed.variables.iter().map(String::as_str);
    let secret = names.filter(|name| !INHERITED_VARIABLES.contains(name));
    Ok(Pattern::ChildProcess {
        command: command.to_owned(),
        args: (!allowed.any_args).then(|| allowed.args.clone()),
        secrets: Secrets::of_variables(secret),
        variables,
    })
}

fn parse_address(allowed: &AllowedServer, text: &str) -> anyhow::Result<Pattern> {
    let no_program = allowed.args.is_empty() && !allowed.any_args && allowed.variables.is_empty();
    ensure!(
        no_program,
        "`args`, `any_args` and `variables` are for a `command` only"
    );
    let is_prefix = text.ends_with('*');
    let url = parse_url(text.strip_suffix('*').unwrap_or(text)).with_context(|| text.to_owned())?;
    let is_comparable = !is_prefix || url.query().is_none();
    ensure!(is_comparable, "{text}: a query can't end in `*`");
    let key = match &allowed.bearer_variable {
        None => None,
        Some(name) => {
            Some(Secret::from_variable(name).with_context(|| format!("{name} is not set"))?)
        }
    };
    Ok(Pattern::Http {
        url,
        is_prefix,
        key,
    })
}

fn parse_url(text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text).context("is not a URL")?;
    ensure!(
        matches!(url.scheme(), "http" | "https"),
        "is not http or https"
    );
    let is_plain =
        url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    ensure!(is_plain, "has a user or a fragment");
    Ok(url)
}

/// Whether an address has the origin of a prefix, and a path that begins with the path of it.
fn has_prefix(url: &Url, prefix: &Url) -> bool {
    let path = url.path();
    url.origin() == prefix.origin()
        && path.starts_with(prefix.path())
        && !ENCODED_SLASHES.iter().any(|slash| path.contains(slash))
}

#[cfg(test)]
mod tests;
