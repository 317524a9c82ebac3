//! Which servers of tools this worker uses, and what is secret about them.
//!
//! Whoever describes a world chooses the servers. A program is started, and an address called, only
//! if the worker's configuration lists it; and only what is listed with it is given to it.

use std::ffi::OsString;

use anyhow::{Context as _, bail, ensure};
use contract::tool::McpServer;
use reqwest::Url;

use super::secrets::Secrets;
use crate::config::Allowed;
use crate::http::{Key, is_loopback};

/// What every program gets of the worker's environment: enough to be found and to run.
const VARIABLES: [&str; 4] = ["PATH", "HOME", "LANG", "TMPDIR"];
/// In a path that is compared by its beginning: a server may read them as slashes.
const ENCODED_SLASHES: [&str; 4] = ["%2f", "%2F", "%5c", "%5C"];

/// How a server is reached.
#[derive(Debug, Clone)]
pub(super) enum Route {
    Program {
        command: String,
        args: Vec<String>,
        variables: Vec<(String, OsString)>,
        secrets: Secrets,
    },
    Address {
        url: Url,
        key: Option<Key>,
        is_loopback: bool,
    },
}

impl Route {
    /// What the server is given, and may repeat.
    pub(super) fn secrets(&self) -> Secrets {
        match self {
            Self::Program { secrets, .. } => secrets.clone(),
            Self::Address { key, .. } => Secrets::new(key.iter().cloned().collect()),
        }
    }
}

/// A server that may be used.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) route: Route,
    /// Whether worlds share it.
    pub(super) is_shared: bool,
}

/// The servers that may be used.
pub(super) struct Allow {
    entries: Vec<Entry>,
}

struct Entry {
    what: What,
    is_shared: bool,
}

enum What {
    Program {
        command: String,
        /// All of them; any when absent.
        args: Option<Vec<String>>,
        variables: Vec<(String, OsString)>,
        secrets: Secrets,
    },
    Address {
        url: Url,
        /// Whether it stands for all that begin with it.
        is_prefix: bool,
        key: Option<Key>,
    },
}

impl Allow {
    /// Reads what is secret.
    ///
    /// # Errors
    /// When an entry makes no sense, or a variable of it is not there.
    pub(super) fn new(allowed: &[Allowed]) -> anyhow::Result<Self> {
        let entry = |(index, allowed): (usize, &Allowed)| {
            entry(allowed).with_context(|| format!("mcp.allow: entry {}", index + 1))
        };
        let entries: anyhow::Result<_> = allowed.iter().enumerate().map(entry).collect();
        Ok(Self { entries: entries? })
    }

    /// How a server is reached, if it may be used: as the first entry that fits says.
    pub(super) fn grant(&self, server: &McpServer) -> Option<Grant> {
        self.entries.iter().find_map(|entry| {
            Some(Grant {
                route: entry.what.route(server)?,
                is_shared: entry.is_shared,
            })
        })
    }
}

impl What {
    fn route(&self, server: &McpServer) -> Option<Route> {
        match (self, server) {
            (
                Self::Program {
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
                Some(Route::Program {
                    command: command.clone(),
                    args: given.clone(),
                    variables: variables.clone(),
                    secrets: secrets.clone(),
                })
            }
            (
                Self::Address {
                    url,
                    is_prefix,
                    key,
                },
                McpServer::Http { url: wanted },
            ) => {
                let wanted = parse(wanted).ok()?;
                let fits = match is_prefix {
                    true => begins_with(&wanted, url),
                    false => wanted == *url,
                };
                fits.then(|| Route::Address {
                    is_loopback: is_loopback(&wanted),
                    url: wanted,
                    key: key.clone(),
                })
            }
            _ => None,
        }
    }
}

fn entry(allowed: &Allowed) -> anyhow::Result<Entry> {
    let what = match (&allowed.command, &allowed.url) {
        (Some(command), None) => program(allowed, command)?,
        (None, Some(url)) => address(allowed, url)?,
        _ => bail!("it must have either `command` or `url`"),
    };
    Ok(Entry {
        what,
        is_shared: allowed.shared,
    })
}

fn program(allowed: &Allowed, command: &str) -> anyhow::Result<What> {
    ensure!(!command.is_empty(), "`command` is empty");
    let no_bearer = allowed.bearer_variable.is_none();
    ensure!(no_bearer, "`bearer_variable` is for a `url` only");
    let one = allowed.args.is_empty() || !allowed.any_args;
    ensure!(one, "it must have either `args` or `any_args`");
    let inherited = VARIABLES
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), std::env::var_os(name)?)));
    let mut variables: Vec<_> = inherited.collect();
    for name in &allowed.variables {
        let value = std::env::var_os(name).with_context(|| format!("{name} is not set"))?;
        variables.push((name.clone(), value));
    }
    let named = allowed.variables.iter().map(String::as_str);
    let secret = named.filter(|name| !VARIABLES.contains(name));
    Ok(What::Program {
        command: command.to_owned(),
        args: (!allowed.any_args).then(|| allowed.args.clone()),
        secrets: Secrets::of_variables(secret),
        variables,
    })
}

fn address(allowed: &Allowed, text: &str) -> anyhow::Result<What> {
    let no_program = allowed.args.is_empty() && !allowed.any_args && allowed.variables.is_empty();
    ensure!(
        no_program,
        "`args`, `any_args` and `variables` are for a `command` only"
    );
    let is_prefix = text.ends_with('*');
    let url = parse(text.strip_suffix('*').unwrap_or(text)).with_context(|| text.to_owned())?;
    let is_comparable = !is_prefix || url.query().is_none();
    ensure!(is_comparable, "{text}: a query can't end in `*`");
    let key = match &allowed.bearer_variable {
        None => None,
        Some(name) => Some(Key::read(name).with_context(|| format!("{name} is not set"))?),
    };
    Ok(What::Address {
        url,
        is_prefix,
        key,
    })
}

fn parse(text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text).context("is not a URL")?;
    ensure!(
        matches!(url.scheme(), "http" | "https"),
        "is not http or https"
    );
    let is_plain =
        url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    ensure!(is_plain, "names a user, or a fragment");
    Ok(url)
}

/// The host must be the whole of it: only the path may go on.
fn begins_with(url: &Url, prefix: &Url) -> bool {
    let path = url.path();
    url.origin() == prefix.origin()
        && path.starts_with(prefix.path())
        && !ENCODED_SLASHES.iter().any(|slash| path.contains(slash))
}

#[cfg(test)]
mod tests;
