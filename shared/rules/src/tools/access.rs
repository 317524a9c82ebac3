//! Which tools an agent has, and which of its calls are made, asked about or refused.

use std::collections::BTreeSet;

use contract::tool::{McpServer, McpServers, Permission, Question, Tool, ToolAccess, ToolCall};
use contract::{EntityId, Rejection};
use serde_json::value::RawValue;

use crate::invalid;
use crate::state::World;
use crate::talk::variables::Variables;

/// A variable of a world by which its people set how far all of its agents may go.
const PERMISSION_VARIABLE: &str = "tool_permission";
/// The most servers of tools that a world names.
const SERVERS_MAX: usize = 32;
const NAME_BYTES_MAX: usize = 64;
/// A command line, or an address.
const SERVER_BYTES_MAX: usize = 4096;
/// The most calls of a world that may wait for people, and what they may hold: all of them are in its
/// state, which whoever wants to answer them is told in one message.
const APPROVALS_MAX: usize = 1000;
const APPROVALS_BYTES_MAX: usize = 384 * 1024;
const QUESTIONS_MAX: usize = 8;
const OPTIONS_MAX: usize = 32;
const REFUSAL_BYTES_MAX: usize = 1024;

/// What an agent may do with tools.
pub(super) fn of(world: &World, agent: &EntityId) -> ToolAccess {
    given(world, agent).cloned().unwrap_or_default()
}

fn given<'a>(world: &'a World, agent: &EntityId) -> Option<&'a ToolAccess> {
    let config = world.entities.get(agent)?.agent.as_ref()?;
    config.tools.as_ref()
}

/// Whether an agent may change nothing, whatever it can call or make use of.
pub(crate) fn may_only_read(world: &World, agent: &EntityId) -> bool {
    permission(world, &of(world, agent)) == Permission::Read
}

/// The servers whose tools an agent has.
pub(crate) fn servers(world: &World, agent: &EntityId) -> McpServers {
    let (Some(description), Some(access)) = (&world.description, given(world, agent)) else {
        return McpServers::new();
    };
    let has = |name: &String| access.servers.is_empty() || access.servers.contains(name);
    let servers = description.mcp_servers.iter();
    servers
        .filter(|(name, _)| has(name))
        .map(|(name, server)| (name.clone(), server.clone()))
        .collect()
}

/// The call as it enters the log: with why it is refused, if it is.
pub(super) fn admitted(
    world: &World,
    agent: &EntityId,
    call: &ToolCall,
    fits: bool,
    has_room: bool,
) -> ToolCall {
    let refused = match &call.refused {
        Some(reason) => Some(reason.clone()),
        None if !fits => Some("too much is called at once: call less".to_owned()),
        None if !has_room => Some("too many calls are under way: wait for some".to_owned()),
        None => refusal(world, agent, call),
    };
    let Some(mut refused) = refused else {
        return call.clone();
    };
    refused.truncate(refused.floor_char_boundary(REFUSAL_BYTES_MAX));
    let mut call = ToolCall {
        refused: Some(refused),
        ..call.clone()
    };
    if !fits {
        call.tool = None;
        call.arguments = nothing();
        call.signatures.clear();
    }
    call
}

fn nothing() -> Box<RawValue> {
    RawValue::from_string("{}".to_owned()).unwrap_or_default()
}

/// Why a call is not made, whatever people say to it.
fn refusal(world: &World, agent: &EntityId, call: &ToolCall) -> Option<String> {
    let Some(access) = given(world, agent) else {
        return Some("you have no tools".to_owned());
    };
    let asks = needs_a_person(world, access, call);
    if asks && !has_room_for_people(world, call) {
        return Some("too much waits for people here already".to_owned());
    }
    let may_only_read = may_only_read(world, agent);
    match &call.tool {
        None => Some(format!("there is no tool {}", call.name)),
        Some(Tool::People { .. }) if !access.questions => {
            Some("you can't ask people: answer with what you know".to_owned())
        }
        Some(Tool::People { questions }) => bad_questions(questions),
        Some(Tool::Ability { .. }) if may_only_read => {
            Some("you may only read, and this asks somebody to act".to_owned())
        }
        Some(Tool::Ability { .. }) => super::ability::event_of(world, agent, call).err(),
        Some(Tool::Mcp { server, .. }) if !servers(world, agent).contains_key(server) => {
            Some(format!("there is no server {server} here"))
        }
        Some(Tool::Mcp { .. }) if may_only_read && !call.reads_only => Some(format!(
            "{} may change something, and you may only read",
            call.name
        )),
        Some(Tool::Mcp { .. }) => None,
    }
}

/// Whether a person is asked before a call is made.
pub(super) fn needs_a_person(world: &World, access: &ToolAccess, call: &ToolCall) -> bool {
    match &call.tool {
        Some(Tool::People { .. }) => true,
        Some(Tool::Ability { .. }) => false,
        _ => permission(world, access) == Permission::Ask && !call.reads_only,
    }
}

fn has_room_for_people(world: &World, call: &ToolCall) -> bool {
    let waiting = world.approvals.values().map(|waiting| &waiting.call);
    let bytes: usize = waiting.map(super::size_bytes).sum();
    world.approvals.len() < APPROVALS_MAX && bytes + super::size_bytes(call) <= APPROVALS_BYTES_MAX
}

/// What the world's variable says, else what the agent's own configuration does.
fn permission(world: &World, access: &ToolAccess) -> Permission {
    let variables = world
        .description
        .as_ref()
        .map_or("", |description| &description.variables);
    let said = Variables::parse(variables).get(PERMISSION_VARIABLE);
    match said.map(str::to_ascii_lowercase).as_deref() {
        None => access.permission,
        Some("ask") => Permission::Ask,
        Some("auto") => Permission::Auto,
        // A slip of the pen must not let anybody do more than was meant.
        Some(_) => Permission::Read,
    }
}

fn bad_questions(questions: &[Question]) -> Option<String> {
    if !(1..=QUESTIONS_MAX).contains(&questions.len()) {
        return Some(format!("ask from 1 to {QUESTIONS_MAX} questions at once"));
    }
    let mut ids = BTreeSet::new();
    for question in questions {
        if question.question.trim().is_empty() {
            return Some("a question asks something".to_owned());
        }
        if question.options.len() > OPTIONS_MAX {
            return Some(format!("a question has at most {OPTIONS_MAX} options"));
        }
        let options: BTreeSet<&str> = question.options.iter().map(|o| o.id.as_str()).collect();
        if !ids.insert(&question.id) || options.len() < question.options.len() {
            return Some("questions, and the options of each, have ids of their own".to_owned());
        }
    }
    None
}

/// Checks what an agent's configuration says of tools.
pub(crate) fn check_access(access: &ToolAccess, field: &str) -> Result<(), Rejection> {
    if access.servers.len() > SERVERS_MAX {
        let detail = format!("at most {SERVERS_MAX} servers");
        return Err(invalid(format!("{field}.servers"), detail));
    }
    for (index, name) in access.servers.iter().enumerate() {
        World::check_text(name, NAME_BYTES_MAX, &format!("{field}.servers[{index}]"))?;
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

/// Checks the servers of tools that a world names.
pub(crate) fn check_servers(servers: &McpServers) -> Result<(), Rejection> {
    if servers.len() > SERVERS_MAX {
        let detail = format!("at most {SERVERS_MAX} servers");
        return Err(invalid("mcp_servers", detail));
    }
    for (name, server) in servers {
        let field = format!("mcp_servers.{name}");
        if name.is_empty() || name.len() > NAME_BYTES_MAX || name.contains('\0') {
            let detail = format!("the name of a server has 1 to {NAME_BYTES_MAX} bytes");
            return Err(invalid("mcp_servers", detail));
        }
        match server {
            McpServer::Stdio { command, args } => {
                let line = std::iter::once(command).chain(args).cloned();
                let line: Vec<String> = line.collect();
                World::check_text(&line.join(" "), SERVER_BYTES_MAX, &field)?;
                if command.is_empty() {
                    return Err(invalid(format!("{field}.stdio.command"), "which program?"));
                }
            }
            McpServer::Http { url } => {
                World::check_text(url, SERVER_BYTES_MAX, &field)?;
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
