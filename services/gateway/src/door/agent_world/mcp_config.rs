//! The servers of tools that clients write into a world's `mcpConfig`.
//!
//! What makes a server secret is not taken: its environment (`env`) and its headers belong into the
//! configuration of the workers, which start the servers and speak with them. Of what is kept for
//! clients to read again the names stay, so that people see what has to be set there. What is not
//! known here is not kept: it may be a key.

use contract::tool::{McpServer, McpServers};
use serde_json::{Map, Value, json};

/// Under one of these clients write the servers.
const SERVERS: [&str; 2] = ["mcpServers", "servers"];
/// What makes a server, and is no secret.
const KNOWN: [&str; 5] = ["command", "args", "url", "type", "transport"];
/// What may hold keys: an object of them, of which the names are kept.
const SECRET: [&str; 2] = ["env", "headers"];

/// What is wrong with a configuration, and where within it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) path: Vec<String>,
    pub(super) message: &'static str,
}

/// A configuration, as a world and its clients keep it.
#[derive(Debug, Default)]
pub(super) struct McpConfig {
    pub(super) servers: McpServers,
    /// As it was written, as text or as an object, without what is secret.
    pub(super) kept: Value,
}

/// Reads a configuration.
///
/// # Errors
/// The first fault.
pub(super) fn read(written: &Value) -> Result<McpConfig, Fault> {
    let text = match written {
        Value::String(text) if text.trim().is_empty() => {
            return Ok(McpConfig {
                servers: McpServers::new(),
                kept: written.clone(),
            });
        }
        Value::String(text) => Some(text),
        _ => None,
    };
    let parsed = text.map(|text| serde_json::from_str::<Value>(text));
    let parsed = parsed.transpose().map_err(|_| fault(&[], "Invalid JSON"))?;
    let config = parsed.unwrap_or_else(|| written.clone());
    let servers = servers(&config)?;
    let without_secrets = without_secrets(&config);
    let kept = match text {
        _ if without_secrets == config => written.clone(),
        Some(_) => json!(without_secrets.to_string()),
        None => without_secrets,
    };
    Ok(McpConfig { servers, kept })
}

fn servers(config: &Value) -> Result<McpServers, Fault> {
    let Some(config) = config.as_object() else {
        return Err(fault(&[], "Expected an object of servers"));
    };
    let Some((field, servers)) = listed(config) else {
        return Ok(McpServers::new());
    };
    let Some(servers) = servers.as_object() else {
        return Err(fault(&[field], "Expected an object of servers"));
    };
    let servers = servers.iter().map(|(name, written)| {
        let server = server(written).map_err(|(part, message)| {
            let path = [field, name.as_str(), part];
            let depth = if part.is_empty() { 2 } else { 3 };
            fault(&path[..depth], message)
        });
        Ok((name.clone(), server?))
    });
    servers.collect()
}

fn listed(config: &Map<String, Value>) -> Option<(&'static str, &Value)> {
    let mut fields = SERVERS.into_iter();
    fields.find_map(|field| Some((field, config.get(field).filter(|found| !found.is_null())?)))
}

/// One server; or the field at fault, and why.
fn server(written: &Value) -> Result<McpServer, (&'static str, &'static str)> {
    let Some(written) = written.as_object() else {
        return Err(("", "Expected an object"));
    };
    let text = |field: &'static str| match written.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err((field, "Expected a string")),
    };
    let (command, url) = (text("command")?, text("url")?);
    if url.as_deref().is_some_and(names_user) {
        return Err(("url", "A url names no user: keys belong to the workers"));
    }
    for field in SECRET {
        if !matches!(
            written.get(field),
            None | Some(Value::Null | Value::Object(_))
        ) {
            return Err((field, "Expected an object"));
        }
    }
    let kind = text("transport")?.or(text("type")?);
    let is_program = match kind.as_deref() {
        None => command.is_some(),
        Some("stdio") => true,
        Some("http" | "streamable-http" | "streamableHttp") => false,
        // Workers would call such a server in vain, and nobody would see why.
        Some("sse") => return Err(("type", "The older SSE transport is not spoken: use http")),
        Some(_) => return Err(("type", "Expected stdio or http")),
    };
    if is_program {
        let command = command.ok_or(("command", "Required"))?;
        let args = arguments(written.get("args"))?;
        return Ok(McpServer::Stdio { command, args });
    }
    let url = url.ok_or(("url", "A server has a command or a url"))?;
    Ok(McpServer::Http { url })
}

fn arguments(written: Option<&Value>) -> Result<Vec<String>, (&'static str, &'static str)> {
    let wrong = ("args", "Expected an array of strings");
    let arguments = match written {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(written) => written.as_array().ok_or(wrong)?,
    };
    let arguments = arguments.iter();
    let arguments = arguments.map(|argument| argument.as_str().map(str::to_owned));
    arguments.collect::<Option<_>>().ok_or(wrong)
}

/// Whether an address says who calls, and so perhaps with which password.
fn names_user(url: &str) -> bool {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest[..end].contains('@')
}

/// What is kept of a configuration whose servers were read. Beside them only what can't be a key.
fn without_secrets(config: &Value) -> Value {
    let config = config.as_object().cloned().unwrap_or_default();
    let read = listed(&config).map(|(field, _)| field);
    let kept = config.into_iter().filter_map(|(field, value)| {
        let value = match value {
            Value::Object(servers) if read == Some(field.as_str()) => servers
                .into_iter()
                .map(|(name, written)| (name, server_without_secrets(written)))
                .collect(),
            value => harmless(value)?,
        };
        Some((field, value))
    });
    kept.collect()
}

fn server_without_secrets(server: Value) -> Value {
    let Value::Object(server) = server else {
        return Value::Null;
    };
    let kept = server.into_iter().filter_map(|(field, value)| {
        let value = match value {
            Value::Object(values) if SECRET.contains(&field.as_str()) => values
                .into_iter()
                .map(|(name, _)| (name, json!("")))
                .collect(),
            value if KNOWN.contains(&field.as_str()) => value,
            value => harmless(value)?,
        };
        Some((field, value))
    });
    kept.collect()
}

/// What can't be a key, such as whether a server is disabled.
fn harmless(value: Value) -> Option<Value> {
    matches!(value, Value::Null | Value::Bool(_) | Value::Number(_)).then_some(value)
}

fn fault(path: &[&str], message: &'static str) -> Fault {
    Fault {
        path: path.iter().map(|&part| part.to_owned()).collect(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_however_clients_write_them() {
        let files = json!({"command": "npx", "args": ["files", "/tmp"]});
        let program = json!({"stdio": {"command": "npx", "args": ["files", "/tmp"]}});
        let there = json!({"http": {"url": "http://x/mcp"}});
        for (written, expected) in [
            (json!({"mcpServers": {"f": files}}), json!({"f": program})),
            (json!({"servers": {"f": files}}), json!({"f": program})),
            (
                json!(json!({"servers": {"f": files}}).to_string()),
                json!({"f": program}),
            ),
            (
                json!({"servers": {"f": {"transport": "stdio", "command": "npx", "args": null}}}),
                json!({"f": {"stdio": {"command": "npx"}}}),
            ),
            (
                json!({"servers": {"t": {"url": "http://x/mcp"}}}),
                json!({"t": there}),
            ),
            (
                json!({"servers": {"t": {"type": "streamable-http", "url": "http://x/mcp"}}}),
                json!({"t": there}),
            ),
            (json!({"servers": {}}), json!({})),
            (json!({"servers": null}), json!({})),
            (json!({"a": 1}), json!({})),
            (json!(""), json!({})),
            (json!({}), json!({})),
        ] {
            let config = read(&written).unwrap();
            assert_eq!(serde_json::to_value(config.servers).unwrap(), expected);
            assert_eq!(config.kept, written);
        }
    }

    #[test]
    fn a_fault_is_named_with_its_place() {
        for (written, path) in [
            (json!("{"), ""),
            (json!(7), ""),
            (json!([]), ""),
            (json!({"servers": []}), "servers"),
            (json!({"mcpServers": {"f": "npx"}}), "mcpServers.f"),
            (json!({"servers": {"f": {}}}), "servers.f.url"),
            (
                json!({"servers": {"f": {"command": 1}}}),
                "servers.f.command",
            ),
            (
                json!({"servers": {"f": {"type": "stdio", "url": "http://x"}}}),
                "servers.f.command",
            ),
            (
                json!({"servers": {"f": {"command": "x", "args": [1]}}}),
                "servers.f.args",
            ),
            (
                json!({"servers": {"f": {"url": "http://x", "type": "sse"}}}),
                "servers.f.type",
            ),
            (
                json!({"servers": {"f": {"command": "x", "env": ["TOKEN=secret"]}}}),
                "servers.f.env",
            ),
            (
                json!({"servers": {"f": {"url": "http://x", "headers": "Authorization: secret"}}}),
                "servers.f.headers",
            ),
            (
                json!({"servers": {"f": {"url": "https://user:secret@x/mcp"}}}),
                "servers.f.url",
            ),
            (
                json!({"servers": {"f": {"command": "x", "url": "https://secret@x"}}}),
                "servers.f.url",
            ),
        ] {
            let fault = read(&written).unwrap_err();
            assert_eq!(fault.path.join("."), path, "{written}");
        }
    }

    #[test]
    fn keys_are_not_kept() {
        let config = |key: &str| {
            json!({"mcpServers": {
                "f": {"command": "x", "env": {"TOKEN": key}},
                "t": {"url": "http://x", "headers": {"Authorization": key}},
            }})
        };
        let read_object = read(&config("secret")).unwrap();
        assert_eq!(read_object.kept, config(""));
        let text = json!(config("secret").to_string());
        let kept = read(&text).unwrap().kept;
        let kept: Value = serde_json::from_str(kept.as_str().unwrap()).unwrap();
        assert_eq!(kept, config(""));
    }

    #[test]
    fn what_is_not_known_is_not_kept() {
        let servers = json!({
            "f": {
                "command": "x", "args": ["@scope/tools"], "disabled": true, "timeout": 60,
                "Env": {"TOKEN": "secret"}, "environment": ["TOKEN=secret"], "apiKey": "secret",
                "env": {"TOKEN": {"value": "secret"}}, "headers": null,
            },
            "t": {"url": "http://x/@scope?of=@me", "type": "http"},
        });
        let written = json!({
            "mcpServers": servers, "servers": {"g": {"env": ["TOKEN=secret"]}},
            "mcp": {"servers": {"h": {"env": {"TOKEN": "secret"}}}}, "apiKey": "secret", "a": 1,
        });
        let expected = json!({
            "mcpServers": {
                "f": {
                    "command": "x", "args": ["@scope/tools"], "disabled": true, "timeout": 60,
                    "env": {"TOKEN": ""}, "headers": null,
                },
                "t": {"url": "http://x/@scope?of=@me", "type": "http"},
            },
            "a": 1,
        });
        assert_eq!(read(&written).unwrap().kept, expected);
    }
}
