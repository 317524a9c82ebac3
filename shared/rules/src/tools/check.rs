//! What tool access, MCP servers and calls may be.

use std::collections::BTreeSet;

use contract::Rejection;
use contract::tool::{McpServer, McpServers, ToolAccess, ToolCall};

use super::limits::CALLS_MAX;
use crate::rejection::invalid;
use crate::text::check_text;

/// The most MCP servers that a world names.
const SERVERS_MAX: usize = 32;
const SERVER_NAME_BYTES_MAX: usize = 64;
/// A command line, or an address.
const SERVER_BYTES_MAX: usize = 4096;
const CALL_NAME_BYTES_MAX: usize = 256;

/// Checks the calls of one step.
pub(crate) fn check_calls(calls: &[ToolCall]) -> Result<(), Rejection> {
    if calls.len() > CALLS_MAX {
        let detail = format!("{} calls; at most {CALLS_MAX} are taken", calls.len());
        return Err(invalid("outcome.completed.calls", detail));
    }
    let mut ids = BTreeSet::new();
    for (index, call) in calls.iter().enumerate() {
        let field = |name: &str| format!("outcome.completed.calls[{index}].{name}");
        check_text(&call.id, CALL_NAME_BYTES_MAX, &field("id"))?;
        check_text(&call.name, CALL_NAME_BYTES_MAX, &field("name"))?;
        if call.id.is_empty() || !ids.insert(&call.id) {
            let detail = "a call has an id of its own";
            return Err(invalid(field("id"), detail));
        }
    }
    Ok(())
}

/// Checks the part of an agent's configuration for tools.
pub(crate) fn check_access(access: &ToolAccess, field: &str) -> Result<(), Rejection> {
    if access.servers.len() > SERVERS_MAX {
        let detail = format!("at most {SERVERS_MAX} servers");
        return Err(invalid(format!("{field}.servers"), detail));
    }
    for (index, name) in access.servers.iter().enumerate() {
        check_text(
            name,
            SERVER_NAME_BYTES_MAX,
            &format!("{field}.servers[{index}]"),
        )?;
    }
    if access
        .approval_timeout_seconds
        .is_some_and(|timeout| timeout.is_zero())
    {
        let field = format!("{field}.approval_timeout_seconds");
        return Err(invalid(
            field,
            "people need some time; without a limit when absent",
        ));
    }
    Ok(())
}

/// Checks the MCP servers that a world names.
pub(crate) fn check_servers(servers: &McpServers) -> Result<(), Rejection> {
    if servers.len() > SERVERS_MAX {
        let detail = format!("at most {SERVERS_MAX} servers");
        return Err(invalid("mcp_servers", detail));
    }
    for (name, server) in servers {
        let field = format!("mcp_servers.{name}");
        if name.is_empty() || name.len() > SERVER_NAME_BYTES_MAX || name.contains('\0') {
            let detail = format!("the name of a server has 1 to {SERVER_NAME_BYTES_MAX} bytes");
            return Err(invalid("mcp_servers", detail));
        }
        match server {
            McpServer::Stdio { command, args } => {
                let line = std::iter::once(command).chain(args).cloned();
                let line: Vec<String> = line.collect();
                check_text(&line.join(" "), SERVER_BYTES_MAX, &field)?;
                if command.is_empty() {
                    return Err(invalid(format!("{field}.stdio.command"), "which program?"));
                }
            }
            McpServer::Http { url } => {
                check_text(url, SERVER_BYTES_MAX, &field)?;
                if let Some(fault) = bad_address(url) {
                    return Err(invalid(format!("{field}.http.url"), fault));
                }
            }
        }
    }
    Ok(())
}

fn bad_address(url: &str) -> Option<&'static str> {
    let rest = url.strip_prefix("http://");
    let Some(rest) = rest.or_else(|| url.strip_prefix("https://")) else {
        return Some("it begins with http:// or https://");
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let names_user = rest[..end].contains('@');
    names_user.then_some("it names no user: keys belong into the workers' configuration")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_http_and_names_no_user() {
        for (url, expected) in [
            ("http://a.b", None),
            ("https://a.b/@scope/mcp?of=@me#@", None),
            ("https://user:secret@a.b/mcp", Some("it names no user")),
            ("http://secret@a.b?x", Some("it names no user")),
            ("https://a.b@c.d", Some("it names no user")),
            ("file:///etc/passwd", Some("it begins with http://")),
            ("a.b/mcp", Some("it begins with http://")),
        ] {
            let url = url.to_owned();
            let server = McpServer::Http { url: url.clone() };
            let checked = check_servers(&[("tools".to_owned(), server)].into());
            let Some(expected) = expected else {
                assert_eq!(checked, Ok(()), "{url}");
                continue;
            };
            let rejection = checked.unwrap_err();
            assert!(rejection.detail.starts_with(expected), "{rejection:?}");
            assert_eq!(
                rejection.field.as_deref(),
                Some("mcp_servers.tools.http.url")
            );
        }
    }
}
