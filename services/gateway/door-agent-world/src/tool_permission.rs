//! How far agents may go without asking, as the page of a world shows it.

use std::borrow::Cow;

use contract::tool::{Permission, ToolAccess};
use contract::view::AgentView;

/// The variable of a world that goes before what its agents have.
const VARIABLE: &str = "tool_permission";

/// What a language model that is made here may do with tools: these clients show `auto` for a world that does
/// not say anything else.
pub(crate) fn new_access() -> ToolAccess {
    ToolAccess {
        permission: Permission::Auto,
        ..ToolAccess::default()
    }
}

/// The variables of a world as clients show them. Without the variable they show `auto`: when agents may not go
/// that far, which were made through another door, it is added with the least that one of them may.
pub(crate) fn shown_variables<'a>(variables: &'a str, agents: &[AgentView<'_>]) -> Cow<'a, str> {
    if variables.lines().any(sets_permission) {
        return variables.into();
    }
    let configs = agents.iter().filter_map(|view| view.entity.agent.as_ref());
    let accesses = configs.filter_map(|config| config.tools.as_ref());
    let mut shown = None;
    for access in accesses {
        match access.permission {
            Permission::Read => shown = Some("read"),
            Permission::Ask => shown = shown.or(Some("ask")),
            Permission::Auto => {}
        }
    }
    let Some(permission) = shown else {
        return variables.into();
    };
    let separator = match variables.is_empty() || variables.ends_with('\n') {
        true => "",
        false => "\n",
    };
    format!("{variables}{separator}{VARIABLE}={permission}").into()
}

fn sets_permission(line: &str) -> bool {
    let name = line.split_once('=').map(|(name, _)| name.trim());
    name == Some(VARIABLE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn the_page_shows_what_agents_may_do() {
        use Permission::{Ask, Auto, Read};
        for (variables, permissions, expected) in [
            ("", [None, None], ""),
            ("", [Some(Auto), None], ""),
            ("", [Some(Auto), Some(Ask)], "tool_permission=ask"),
            ("", [Some(Read), Some(Ask)], "tool_permission=read"),
            ("", [Some(Ask), Some(Read)], "tool_permission=read"),
            ("a=b", [Some(Ask), None], "a=b\ntool_permission=ask"),
            ("a=b\n", [Some(Ask), None], "a=b\ntool_permission=ask"),
            (
                "tool_permission = auto",
                [Some(Ask), None],
                "tool_permission = auto",
            ),
            (
                "not tool_permission",
                [Some(Auto), None],
                "not tool_permission",
            ),
        ] {
            let mut agents = fixtures::agents();
            for (view, permission) in agents.iter_mut().zip(permissions) {
                let config = view.entity.to_mut().agent.get_or_insert_default();
                config.tools = permission.map(|permission| ToolAccess {
                    permission,
                    ..ToolAccess::default()
                });
            }
            let shown = shown_variables(variables, &agents);
            assert_eq!(shown, expected, "{variables:?} {permissions:?}");
        }
    }

    #[test]
    fn a_new_model_needs_no_permission() {
        assert_eq!(new_access().permission, Permission::Auto);
    }
}
