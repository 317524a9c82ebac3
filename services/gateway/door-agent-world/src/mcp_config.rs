//! The MCP servers in a world's `mcpConfig`.
//!
//! Secrets are not stored: the environment (`env`) and the headers of a server belong into the
//! configuration of the workers, which connect to it. Of these only the names are stored, so that people
//! see what has to be set there. An unknown field is not stored, since it may be a key.

use contract::tool::{McpServer, McpServers};
use serde_json::{Map, Value, json};

/// The field of the servers has one of these names.
const SERVERS: [&str; 2] = ["mcpServers", "servers"];
/// The fields of a server that are no secret.
const KNOWN: [&str; 5] = ["command", "args", "url", "type", "transport"];
/// The fields of a server that may hold keys: objects, of which the names are stored.
const SECRET: [&str; 2] = ["env", "headers"];

/// An invalid field of a configuration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConfigError {
    pub(crate) path: Vec<String>,
    pub(crate) message: &'static str,
}

/// A configuration, as the world has it and as it is stored for clients.
#[derive(Debug, Default)]
pub(crate) struct McpConfig {
    pub(crate) servers: McpServers,
    /// The configuration as the client wrote it, a text or an object, without secrets.
    pub(crate) stored: Value,
}

/// Parses a configuration.
///
/// # Errors
/// The first invalid field.
pub(crate) fn parse(body: &Value) -> Result<McpConfig, ConfigError> {
    let text = match body {
        Value::String(text) if text.trim().is_empty() => {
            return Ok(McpConfig {
                servers: McpServers::new(),
                stored: body.clone(),
            });
        }
        Value::String(text) => Some(text),
        _ => None,
    };
    let parsed = text.map(|text| serde_json::from_str::<Value>(text));
    let parsed = parsed.transpose().map_err(|_| error(&[], "Invalid JSON"))?;
    let config = parsed.unwrap_or_else(|| body.clone());
    let servers = parse_servers(&config)?;
    let without_secrets = without_secrets(&config);
    let stored = match text {
        _ if without_secrets == config => body.clone(),
        Some(_) => json!(without_secrets.to_string()),
        None => without_secrets,
    };
    Ok(McpConfig { servers, stored })
}

fn parse_servers(config: &Value) -> Result<McpServers, ConfigError> {
    let Some(config) = config.as_object() else {
        return Err(error(&[], "Expected an object of servers"));
    };
    let Some((field, servers)) = find_servers(config) else {
        return Ok(McpServers::new());
    };
    let Some(servers) = servers.as_object() else {
        return Err(error(&[field], "Expected an object of servers"));
    };
    let servers = servers.iter().map(|(name, body)| {
        let server = parse_server(body).map_err(
            |ServerError {
                 field: part,
                 message,
             }| {
                let path = [field, name.as_str()].into_iter().chain(part);
                error(&path.collect::<Vec<_>>(), message)
            },
        );
        Ok((name.clone(), server?))
    });
    servers.collect()
}

fn find_servers(config: &Map<String, Value>) -> Option<(&'static str, &Value)> {
    let mut fields = SERVERS.into_iter();
    fields.find_map(|field| Some((field, config.get(field).filter(|found| !found.is_null())?)))
}

/// Why a server is invalid.
struct ServerError {
    /// Its invalid field; the server itself when absent.
    field: Option<&'static str>,
    message: &'static str,
}

impl ServerError {
    fn new(field: &'static str, message: &'static str) -> Self {
        let field = Some(field);
        Self { field, message }
    }
}

fn parse_server(body: &Value) -> Result<McpServer, ServerError> {
    let Some(body) = body.as_object() else {
        return Err(ServerError {
            field: None,
            message: "Expected an object",
        });
    };
    let text = |field: &'static str| match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ServerError::new(field, "Expected a string")),
    };
    let (command, url) = (text("command")?, text("url")?);
    if url.as_deref().is_some_and(has_user) {
        let message = "A url names no user: keys belong to the workers";
        return Err(ServerError::new("url", message));
    }
    for field in SECRET {
        if !matches!(body.get(field), None | Some(Value::Null | Value::Object(_))) {
            return Err(ServerError::new(field, "Expected an object"));
        }
    }
    let kind = text("transport")?.or(text("type")?);
    let is_program = match kind.as_deref() {
        None => command.is_some(),
        Some("stdio") => true,
        Some("http" | "streamable-http" | "streamableHttp") => false,
        // Workers could not connect to such a server, and clients would not see why.
        Some("sse") => {
            let message = "The older SSE transport is not supported: use http";
            return Err(ServerError::new("type", message));
        }
        Some(_) => return Err(ServerError::new("type", "Expected stdio or http")),
    };
    if is_program {
        let command = command.ok_or(ServerError::new("command", "Required"))?;
        let args = parse_arguments(body.get("args"))?;
        return Ok(McpServer::Stdio { command, args });
    }
    let url = url.ok_or(ServerError::new("url", "A server has a command or a url"))?;
    Ok(McpServer::Http { url })
}

fn parse_arguments(body: Option<&Value>) -> Result<Vec<String>, ServerError> {
    let invalid = || ServerError::new("args", "Expected an array of strings");
    let arguments = match body {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(body) => body.as_array().ok_or_else(invalid)?,
    };
    let arguments = arguments.iter();
    let arguments = arguments.map(|argument| argument.as_str().map(str::to_owned));
    arguments.collect::<Option<_>>().ok_or_else(invalid)
}

/// Whether an address has a user, and so perhaps a password.
fn has_user(url: &str) -> bool {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest[..end].contains('@')
}

/// What is stored of a configuration whose servers were parsed. Beside them only what can't be a key.
fn without_secrets(config: &Value) -> Value {
    let config = config.as_object().cloned().unwrap_or_default();
    let parsed = find_servers(&config).map(|(field, _)| field);
    let stored = config.into_iter().filter_map(|(field, value)| {
        let value = match value {
            Value::Object(servers) if parsed == Some(field.as_str()) => servers
                .into_iter()
                .map(|(name, body)| (name, server_without_secrets(body)))
                .collect(),
            value => not_secret(value)?,
        };
        Some((field, value))
    });
    stored.collect()
}

fn server_without_secrets(server: Value) -> Value {
    let Value::Object(server) = server else {
        return Value::Null;
    };
    let stored = server.into_iter().filter_map(|(field, value)| {
        let value = match value {
            Value::Object(values) if SECRET.contains(&field.as_str()) => values
                .into_iter()
                .map(|(name, _)| (name, json!("")))
                .collect(),
            value if KNOWN.contains(&field.as_str()) => value,
            value => not_secret(value)?,
        };
        Some((field, value))
    });
    stored.collect()
}

/// A value that can't be a key, such as whether a server is disabled.
fn not_secret(value: Value) -> Option<Value> {
    matches!(value, Value::Null | Value::Bool(_) | Value::Number(_)).then_some(value)
}

fn error(path: &[&str], message: &'static str) -> ConfigError {
    ConfigError {
        path: path.iter().map(|&part| part.to_owned()).collect(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_parsed_however_clients_write_them() {
        let files = json!({"command": "npx", "args": ["files", "/tmp"]});
        let program = json!({"stdio": {"command": "npx", "args": ["files", "/tmp"]}});
        let there = json!({"http": {"url": "http://x/mcp"}});
        for (body, expected) in [
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
            let config = parse(&body).unwrap();
            assert_eq!(serde_json::to_value(config.servers).unwrap(), expected);
            assert_eq!(config.stored, body);
        }
    }

    #[test]
    fn an_invalid_field_is_named_with_its_path() {
        for (body, path) in [
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
            let error = parse(&body).unwrap_err();
            assert_eq!(error.path.join("."), path, "{body}");
        }
    }

    #[test]
    fn keys_are_not_stored() {
        let config = |key: &str| {
            json!({"mcpServers": {
                "f": {"command": "x", "env": {"TOKEN": key}},
                "t": {"url": "http://x", "headers": {"Authorization": key}},
            }})
        };
        let parsed = parse(&config("secret")).unwrap();
        assert_eq!(parsed.stored, config(""));
        let text = json!(config("secret").to_string());
        let stored = parse(&text).unwrap().stored;
        let stored: Value = serde_json::from_str(stored.as_str().unwrap()).unwrap();
        assert_eq!(stored, config(""));
    }

    #[test]
    fn unknown_fields_are_not_stored() {
        let servers = json!({
            "f": {
                "command": "x", "args": ["@scope/tools"], "disabled": true, "timeout": 60,
                "Env": {"TOKEN": "secret"}, "environment": ["TOKEN=secret"], "apiKey": "secret",
                "env": {"TOKEN": {"value": "secret"}}, "headers": null,
            },
            "t": {"url": "http://x/@scope?of=@me", "type": "http"},
        });
        let body = json!({
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
        assert_eq!(parse(&body).unwrap().stored, expected);
    }
}
