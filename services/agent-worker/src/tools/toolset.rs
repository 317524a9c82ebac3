//! The tools that a model may call in one request.

use std::collections::BTreeMap;

use contract::ability::AbilityKey;
use contract::tool::ToolAccess;
use contract::{RunContext, WorldId};
use futures::future::join_all;
use tracing::warn;

use super::abilities::ability_tools;
use super::ask_user::{ASK_USER, ask_user_tool};
use super::mind::{PLAN, SLEEP, mind_tools};
use super::names::Names;
use super::spec::{ToolSource, ToolSpec, object_schema, truncate_description};
use crate::mcp::{ConnectionPool, ListedTool};

/// The maximum number of tools of a request: some providers reject more.
const TOOLS_MAX: usize = 128;

/// The tools that a model may call in one request.
#[derive(Debug, Default)]
pub(crate) struct Toolset {
    tools: Vec<ToolSpec>,
    /// The MCP servers whose tools are omitted because they are unavailable.
    unavailable: Vec<String>,
}

impl Toolset {
    /// The tools of an agent in a chat. Lists the tools of its MCP servers concurrently; those of
    /// unavailable servers are omitted.
    pub(crate) async fn for_chat(
        pool: &ConnectionPool,
        world: &WorldId,
        access: &ToolAccess,
        context: &RunContext,
    ) -> Self {
        let listing = context.mcp_servers.iter().map(async |(name, server)| {
            let listed = pool.tools(world, name, server).await;
            (name.as_str(), listed)
        });
        let (mut found, mut unavailable) = (BTreeMap::new(), Vec::new());
        for (name, listed) in join_all(listing).await {
            match listed {
                Ok(tools) => drop(found.insert(name, tools)),
                Err(error) => {
                    let reason = error.code();
                    warn!(
                        mcp.server = name,
                        reason, "MCP server unavailable, its tools are omitted"
                    );
                    unavailable.push(name.to_owned());
                }
            }
        }
        let found = found.iter().map(|(name, tools)| (*name, &**tools));
        Self {
            tools: chat_tools(found, access.questions, context),
            unavailable,
        }
    }

    /// The tools of an agent with a mind: all abilities that it perceives, or the one that it must
    /// use next.
    pub(crate) fn for_mind(context: &RunContext, next: Option<&AbilityKey>) -> Self {
        let mut names = Names::default();
        names.reserve(SLEEP);
        names.reserve(PLAN);
        let mut tools = ability_tools(&context.offers, &context.entity.id, &mut names);
        tools.truncate(TOOLS_MAX - 2);
        match next {
            Some(next) => tools.retain(|tool| tool.is_ability(next)),
            None => tools.extend(mind_tools()),
        }
        Self {
            tools,
            unavailable: Vec::new(),
        }
    }

    /// The tools, in the order of the request.
    pub(crate) fn tools(&self) -> &[ToolSpec] {
        &self.tools
    }

    /// The MCP servers whose tools are missing.
    pub(crate) fn unavailable(&self) -> &[String] {
        &self.unavailable
    }

    pub(super) fn find(&self, name: &str) -> Option<&ToolSpec> {
        self.tools.iter().find(|tool| tool.name == name)
    }
}

/// Questions to people, the abilities of entities, and the tools of these MCP servers. They are
/// sorted by name, so that the same tools have the same names in each request, in whatever order a
/// server lists them.
fn chat_tools<'a>(
    servers: impl Iterator<Item = (&'a str, &'a [ListedTool])>,
    questions: bool,
    context: &RunContext,
) -> Vec<ToolSpec> {
    let mut names = Names::default();
    names.reserve(ASK_USER);
    let mut specs: Vec<_> = questions.then(ask_user_tool).into_iter().collect();
    specs.extend(ability_tools(
        &context.offers,
        &context.entity.id,
        &mut names,
    ));
    for (server, tools) in servers {
        let mut tools: Vec<&ListedTool> = tools.iter().collect();
        tools.sort_by(|one, other| one.name.cmp(&other.name));
        tools.dedup_by(|one, other| one.name == other.name);
        specs.extend(tools.into_iter().map(|tool| ToolSpec {
            name: names.assign(server, &tool.name),
            description: truncate_description(&tool.description),
            schema: object_schema(tool.schema.clone()),
            source: ToolSource::Mcp {
                server: server.to_owned(),
                tool: tool.name.clone(),
                reads_only: tool.reads_only,
                repeatable: tool.repeatable,
            },
        }));
    }
    if specs.len() > TOOLS_MAX {
        warn!(tools = specs.len(), "too many tools, the last are omitted");
        specs.truncate(TOOLS_MAX);
    }
    specs
}

#[cfg(test)]
impl Toolset {
    /// A toolset of questions and the tools of an MCP server `files`.
    pub(super) fn of_files(tools: &[ListedTool]) -> Self {
        Self {
            tools: chat_tools([("files", tools)].into_iter(), true, &tests::context()),
            unavailable: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::spec::DESCRIPTION_CHARACTERS_MAX;
    use super::*;

    fn listed(name: &str) -> ListedTool {
        ListedTool {
            name: name.to_owned(),
            description: "x".repeat(5000),
            schema: json!({}),
            reads_only: false,
            repeatable: false,
        }
    }

    pub(super) fn context() -> RunContext {
        serde_json::from_value(json!({"agent": {"id": "ada", "kind": "agent"}})).unwrap()
    }

    fn names(specs: &[ToolSpec]) -> Vec<&str> {
        specs.iter().map(|tool| tool.name.as_str()).collect()
    }

    #[test]
    fn the_same_tools_have_the_same_names() {
        let (a, b) = (listed("a"), listed("b"));
        let one = [a.clone(), b.clone()];
        let other = [b, a.clone(), a];
        let expected = [ASK_USER, "files_a", "files_b"];
        for listed in [&one[..], &other[..]] {
            let specs = chat_tools([("files", listed)].into_iter(), true, &context());
            assert_eq!(names(&specs), expected);
            assert_eq!(specs[1].description.len(), DESCRIPTION_CHARACTERS_MAX);
            let empty = json!({"type": "object", "properties": {}});
            assert_eq!(specs[1].schema, empty);
        }
    }

    #[test]
    fn the_number_of_tools_is_limited() {
        let many: Vec<_> = (0..200)
            .map(|number| listed(&format!("{number:03}")))
            .collect();
        let specs = chat_tools([("files", &many[..])].into_iter(), false, &context());
        assert_eq!(specs.len(), TOOLS_MAX);
        assert_eq!(specs[0].name, "files_000");
    }
}
