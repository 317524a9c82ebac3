//! The options of a prompt for the approval of a tool call.
//!
//! Pages show the options as they come, but other clients choose one by its id. Agent World's own tools do not all
//! have the same: a server that offers a tool of the same name gets the options that clients expect of it.

use contract::tool::{Tool, ToolCall};

/// One option.
pub(crate) struct ApprovalOption {
    pub(crate) id: &'static str,
    pub(crate) label: &'static str,
    pub(crate) description: &'static str,
    /// Whether the call is made.
    approves: bool,
}

const CALLED: &str = "The tool is called";
const NOT_CALLED: &str = "It is not, and the agent reads that";

const APPROVE_OR_DENY: [ApprovalOption; 2] = [
    approving("approve", "Approve", CALLED),
    denying("deny", "Deny"),
];
const YES_OR_NO: [ApprovalOption; 2] = [approving("yes", "Yes", CALLED), denying("no", "No")];
/// Agent World has `yes_in_session` as well, which is not offered: each call here is decided by itself.
const ONCE_OR_NO: [ApprovalOption; 2] = [
    approving("yes_once", "Yes once", "The tool is called, this time"),
    denying("no", "No"),
];

/// The options of the prompt for a call.
pub(crate) fn approval_options(call: &ToolCall) -> &'static [ApprovalOption] {
    // The model's name of a tool may begin with that of its server.
    let tool = match &call.tool {
        Some(Tool::Mcp { tool, .. }) => tool.as_str(),
        _ => "",
    };
    let is_named = |name: &str| call.name == name || tool == name;
    if is_named("create_agent") {
        &YES_OR_NO
    } else if is_named("load_skill") {
        &ONCE_OR_NO
    } else {
        &APPROVE_OR_DENY
    }
}

/// Whether the option of this id approves the call; none when it is no option of it. `approve` and `deny` are taken
/// for every call: they were the options of all.
pub(crate) fn approves(call: &ToolCall, option: &str) -> Option<bool> {
    let mut options = approval_options(call).iter().chain(&APPROVE_OR_DENY);
    let found = options.find(|found| found.id == option);
    found.map(|found| found.approves)
}

const fn approving(
    id: &'static str,
    label: &'static str,
    description: &'static str,
) -> ApprovalOption {
    ApprovalOption {
        id,
        label,
        description,
        approves: true,
    }
}

const fn denying(id: &'static str, label: &'static str) -> ApprovalOption {
    ApprovalOption {
        id,
        label,
        description: NOT_CALLED,
        approves: false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tool_has_the_options_that_clients_know_of_it() {
        for (name, server, tool, expected) in [
            ("write_file", "files", "write", ["approve", "deny"]),
            ("shell_cmd", "shell", "cmd", ["approve", "deny"]),
            ("create_agent", "create", "agent", ["yes", "no"]),
            ("world_create_agent", "world", "create_agent", ["yes", "no"]),
            ("load_skill", "load", "skill", ["yes_once", "no"]),
            (
                "skills_load_skill",
                "skills",
                "load_skill",
                ["yes_once", "no"],
            ),
            ("load_skills", "load", "skills", ["approve", "deny"]),
        ] {
            let call = json!({
                "id": "c1", "name": name, "arguments": {},
                "tool": {"mcp": {"server": server, "tool": tool}},
            });
            let call: ToolCall = serde_json::from_str(&call.to_string()).unwrap();
            let options = approval_options(&call);
            let ids: Vec<&str> = options.iter().map(|option| option.id).collect();
            assert_eq!(ids, expected, "{name}");
            for [yes, no] in [expected, ["approve", "deny"]] {
                assert_eq!(approves(&call, yes), Some(true), "{name}");
                assert_eq!(approves(&call, no), Some(false), "{name}");
            }
            assert_eq!(approves(&call, "yes_in_session"), None, "{name}");
        }
    }
}
