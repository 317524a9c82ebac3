//! What a model may call, and what it called.
//!
//! Start with [`Offer`]: made before a model is asked, it knows the tools by the names that the
//! model is given, and so what the model means when it calls one.

mod abilities;
mod calls;
mod names;
mod questions;

use std::collections::BTreeMap;

use contract::ability::AbilityKey;
use contract::tool::ToolAccess;
use contract::{ActionName, EntityId, RunContext, WorldId};
use futures::future::join_all;
use serde_json::{Value, json};
use tracing::warn;

use crate::mcp::{Listed, Servers};
use names::Names;

pub(crate) use calls::Wanted;

/// Tools that a model is given: some providers refuse more.
const TOOLS_MAX: usize = 128;
/// As much of a description as a model is given, in characters: some providers refuse more.
const DESCRIPTION_CHARACTERS_MAX: usize = 1024;
/// What an agent calls that acts by itself, when there is nothing more to do.
pub(crate) const SLEEP: &str = "sleep";
/// And when it changes its plan.
pub(crate) const PLAN: &str = "plan";
/// The tool that asks people.
const ASK: &str = "ask_user_input";
const ASK_DESCRIPTION: &str = "Asks the user, and waits for the answers. Use it when you can't go \
                               on without a decision or a fact that only the user knows. Offer \
                               options wherever you can.";

/// The tools that a model may call.
#[derive(Debug, Default)]
pub(crate) struct Offer {
    tools: Vec<Offered>,
    /// The servers whose tools are left out since they can't be reached.
    away: Vec<String>,
}

/// A tool that a model may call.
#[derive(Debug)]
pub(crate) struct Offered {
    /// The name that the model is given.
    pub(crate) name: String,
    pub(crate) description: String,
    /// The JSON schema of its arguments.
    pub(crate) schema: Value,
    target: Target,
}

#[derive(Debug)]
enum Target {
    Mcp {
        server: String,
        tool: String,
        reads_only: bool,
        repeatable: bool,
    },
    People,
    Ability {
        entity: EntityId,
        ability: ActionName,
        is_own: bool,
    },
    /// The agent's own mind.
    Mind,
}

impl Offer {
    /// Asks the servers for their tools, all at once. Those that can't be reached are left out.
    pub(crate) async fn of(
        servers: &Servers,
        world: &WorldId,
        access: &ToolAccess,
        context: &RunContext,
    ) -> Self {
        let listing = context.mcp_servers.iter().map(async |(name, server)| {
            let listed = servers.tools(world, name, server).await;
            (name.as_str(), listed)
        });
        let (mut found, mut away) = (BTreeMap::new(), Vec::new());
        for (name, listed) in join_all(listing).await {
            match listed {
                Ok(tools) => drop(found.insert(name, tools)),
                Err(error) => {
                    let reason = error.code();
                    warn!(
                        mcp.server = name,
                        reason, "an agent answers without some of its tools"
                    );
                    away.push(name.to_owned());
                }
            }
        }
        let found = found.iter().map(|(name, tools)| (*name, &**tools));
        Self {
            tools: offered(found, access.questions, context),
            away,
        }
    }

    /// What an agent may do that acts by itself: all that it perceives, or what it must do next.
    pub(crate) fn to_act(context: &RunContext, next: Option<&AbilityKey>) -> Self {
        let mut names = Names::default();
        names.reserve(SLEEP);
        names.reserve(PLAN);
        let mut tools = abilities::offered(&context.offers, &context.entity.id, &mut names);
        tools.truncate(TOOLS_MAX - 2);
        match next {
            Some(next) => tools.retain(|tool| tool.is(next)),
            None => tools.extend(of_a_mind()),
        }
        Self {
            tools,
            away: Vec::new(),
        }
    }

    /// The tools, in the order in which the model is given them.
    pub(crate) fn tools(&self) -> &[Offered] {
        &self.tools
    }

    /// The servers whose tools are missing.
    pub(crate) fn away(&self) -> &[String] {
        &self.away
    }

    fn find(&self, name: &str) -> Option<&Offered> {
        self.tools.iter().find(|tool| tool.name == name)
    }
}

/// Who can be asked, what entities can do, and the tools of these servers. Their order is that of their names, whatever a server lists first:
/// the same tools have the same names each time.
fn offered<'a>(
    servers: impl Iterator<Item = (&'a str, &'a [Listed])>,
    questions: bool,
    context: &RunContext,
) -> Vec<Offered> {
    let mut names = Names::default();
    names.reserve(ASK);
    let mut offered: Vec<_> = questions.then(ask).into_iter().collect();
    offered.extend(abilities::offered(
        &context.offers,
        &context.entity.id,
        &mut names,
    ));
    for (server, tools) in servers {
        let mut tools: Vec<&Listed> = tools.iter().collect();
        tools.sort_by(|one, other| one.name.cmp(&other.name));
        tools.dedup_by(|one, other| one.name == other.name);
        offered.extend(tools.into_iter().map(|tool| Offered {
            name: names.name(server, &tool.name),
            description: beginning(&tool.description),
            schema: object(tool.schema.clone()),
            target: Target::Mcp {
                server: server.to_owned(),
                tool: tool.name.clone(),
                reads_only: tool.reads_only,
                repeatable: tool.repeatable,
            },
        }));
    }
    if offered.len() > TOOLS_MAX {
        warn!(tools = offered.len(), "a model is not given all tools");
        offered.truncate(TOOLS_MAX);
    }
    offered
}

impl Offered {
    fn is(&self, key: &AbilityKey) -> bool {
        matches!(&self.target, Target::Ability { entity, ability, .. }
            if *entity == key.entity && *ability == key.ability)
    }
}

/// What an agent does with its own mind.
fn of_a_mind() -> [Offered; 2] {
    let steps = json!({"type": "array", "items": {"type": "string"}});
    let mind = |name: &str, description: &str, properties: Value| Offered {
        name: name.to_owned(),
        description: description.to_owned(),
        schema: json!({"type": "object", "properties": properties}),
        target: Target::Mind,
    };
    [
        mind(
            PLAN,
            "Notes what you mean to do, step by step.",
            json!({"steps": steps}),
        ),
        mind(SLEEP, "Sleeps until something wakes you.", json!({})),
    ]
}

fn beginning(text: &str) -> String {
    text.chars().take(DESCRIPTION_CHARACTERS_MAX).collect()
}

/// A schema as providers want it: of an object, with its properties.
fn object(mut schema: Value) -> Value {
    if let Value::Object(schema) = &mut schema {
        schema
            .entry("type")
            .or_insert_with(|| Value::from("object"));
        schema.entry("properties").or_insert_with(|| json!({}));
    }
    schema
}

fn ask() -> Offered {
    let option = json!({
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "label": {"type": "string", "description": "What the user reads."},
            "description": {"type": "string", "description": "What choosing it means."},
        },
        "required": ["label"],
    });
    let question = json!({
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "header": {"type": "string", "description": "A few words above the question."},
            "question": {"type": "string"},
            "options": {
                "type": "array",
                "items": option,
                "description": "What can be chosen; without options the user writes the answer.",
            },
            "multiple": {"type": "boolean", "description": "Whether several can be chosen."},
        },
        "required": ["question"],
    });
    Offered {
        name: ASK.to_owned(),
        description: ASK_DESCRIPTION.to_owned(),
        schema: json!({
            "type": "object",
            "properties": {"questions": {"type": "array", "items": question}},
            "required": ["questions"],
        }),
        target: Target::People,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str) -> Listed {
        Listed {
            name: name.to_owned(),
            description: "x".repeat(5000),
            schema: json!({}),
            reads_only: false,
            repeatable: false,
        }
    }

    fn context() -> RunContext {
        serde_json::from_value(json!({"agent": {"id": "ada", "kind": "agent"}})).unwrap()
    }

    fn names(offered: &[Offered]) -> Vec<&str> {
        offered.iter().map(|tool| tool.name.as_str()).collect()
    }

    #[test]
    fn the_same_tools_have_the_same_names() {
        let (a, b) = (listed("a"), listed("b"));
        let one = [a.clone(), b.clone()];
        let other = [b, a.clone(), a];
        let expected = [ASK, "files_a", "files_b"];
        for listed in [&one[..], &other[..]] {
            let offered = offered([("files", listed)].into_iter(), true, &context());
            assert_eq!(names(&offered), expected);
            assert_eq!(offered[1].description.len(), DESCRIPTION_CHARACTERS_MAX);
            let empty = json!({"type": "object", "properties": {}});
            assert_eq!(offered[1].schema, empty);
        }
    }

    #[test]
    fn questions_and_their_number_are_bounded() {
        let many: Vec<_> = (0..200)
            .map(|number| listed(&format!("{number:03}")))
            .collect();
        let offered = offered([("files", &many[..])].into_iter(), false, &context());
        assert_eq!(offered.len(), TOOLS_MAX);
        assert_eq!(offered[0].name, "files_000");
    }
}
