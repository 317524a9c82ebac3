//! Which tools an agent has, and which of its calls are made, wait for a person, or are refused.

use std::collections::BTreeSet;

use contract::EntityId;
use contract::tool::{McpServers, Permission, Question, Tool, ToolAccess, ToolCall};
use serde_json::value::RawValue;

use super::ability_calls::event_of_call;
use super::approval_list;
use super::loops::call_bytes;
use crate::entities::agent_config;
use crate::text::Variables;
use crate::world::World;

/// A variable of a world by which its people set how far all of its agents may go.
const PERMISSION_VARIABLE: &str = "tool_permission";
/// The most calls of a world that may wait for people, and what they may hold: all of them are in its
/// state, and are listed in one message.
const APPROVALS_MAX: usize = 1000;
const APPROVALS_BYTES_MAX: usize = 384 * 1024;
const QUESTIONS_MAX: usize = 8;
const OPTIONS_MAX: usize = 32;
const REFUSAL_BYTES_MAX: usize = 1024;

/// What an agent may do with tools.
pub(super) fn access_of(world: &World, agent: &EntityId) -> ToolAccess {
    configured_access(world, agent).cloned().unwrap_or_default()
}

fn configured_access<'a>(world: &'a World, agent: &EntityId) -> Option<&'a ToolAccess> {
    agent_config(world, agent)?.tools.as_ref()
}

/// Whether an agent may change nothing, whatever it can call or make use of.
pub(crate) fn may_only_read(world: &World, agent: &EntityId) -> bool {
    permission(world, &access_of(world, agent)) == Permission::Read
}

/// The servers whose tools an agent has.
pub(crate) fn servers(world: &World, agent: &EntityId) -> McpServers {
    let (Some(description), Some(access)) = (&world.description, configured_access(world, agent))
    else {
        return McpServers::new();
    };
    let servers = description.mcp_servers.iter();
    servers
        .filter(|(name, _)| access.includes(name))
        .map(|(name, server)| (name.clone(), server.clone()))
        .collect()
}

/// The call as it enters the log: with why it is refused, if it is.
pub(super) fn authorize(
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
        call.arguments = no_arguments();
        call.signatures.clear();
    }
    call
}

fn no_arguments() -> Box<RawValue> {
    RawValue::from_string("{}".to_owned()).unwrap_or_default()
}

/// Why a call is not made, no matter what people decide.
fn refusal(world: &World, agent: &EntityId, call: &ToolCall) -> Option<String> {
    let Some(access) = configured_access(world, agent) else {
        return Some("you have no tools".to_owned());
    };
    let needs_person = needs_a_person(world, access, call);
    if needs_person && !has_room_for_approval(world, call) {
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
        Some(Tool::Ability { .. }) => event_of_call(world, agent, call).err(),
        Some(Tool::Mcp { server, .. }) if !servers(world, agent).contains_key(server) => {
            Some(format!("there is no server {server} here"))
        }
        Some(Tool::Mcp { .. }) if may_only_read && !call.reads_only => Some(format!(
            "{} may change something, and you may only read: it is blocked by the current permission level (read)",
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
        _ => {
            let asks = permission(world, access) == Permission::Ask && !call.reads_only;
            let list = variable(world, approval_list::VARIABLE);
            asks || list.is_some_and(|list| approval_list::lists(list, call))
        }
    }
}

/// The value of a variable of the world.
fn variable<'a>(world: &'a World, name: &str) -> Option<&'a str> {
    let description = world.description.as_ref()?;
    Variables::parse(&description.variables).get(name)
}

fn has_room_for_approval(world: &World, call: &ToolCall) -> bool {
    let waiting = world
        .tools
        .approvals()
        .values()
        .map(|waiting| &waiting.call);
    let bytes: usize = waiting.map(call_bytes).sum();
    world.tools.approvals().len() < APPROVALS_MAX && bytes + call_bytes(call) <= APPROVALS_BYTES_MAX
}

/// The value of the world's variable, else that of the agent's own configuration.
fn permission(world: &World, access: &ToolAccess) -> Permission {
    let value = variable(world, PERMISSION_VARIABLE);
    match value.map(str::to_ascii_lowercase).as_deref() {
        None => access.permission,
        Some("ask") => Permission::Ask,
        Some("auto") => Permission::Auto,
        // A mistyped value must not let anybody do more than was meant.
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
