//! The description of a tool for a model.

use contract::ability::AbilityKey;
use contract::{ActionName, EntityId};
use serde_json::{Value, json};

/// The maximum length of a description: some providers reject longer ones.
pub(super) const DESCRIPTION_CHARACTERS_MAX: usize = 1024;

/// A tool that a model may call.
#[derive(Debug)]
pub(crate) struct ToolSpec {
    /// The name that the model gets.
    pub(crate) name: String,
    pub(crate) description: String,
    /// The JSON Schema of its arguments.
    pub(crate) schema: Value,
    pub(super) source: ToolSource,
}

/// What executes a tool.
#[derive(Debug)]
pub(super) enum ToolSource {
    /// A tool of an MCP server.
    Mcp {
        server: String,
        tool: String,
        reads_only: bool,
        repeatable: bool,
    },
    /// The people of the world: they answer questions.
    People,
    /// An ability of an entity.
    Ability {
        entity: EntityId,
        ability: ActionName,
        is_own: bool,
    },
    /// The agent's own mind: the worker itself executes it.
    Mind,
}

impl ToolSpec {
    /// Whether a call without arguments is incomplete.
    pub(super) fn requires_arguments(&self) -> bool {
        let required = self.schema.get("required").and_then(Value::as_array);
        required.is_some_and(|names| !names.is_empty())
    }

    pub(super) fn is_ability(&self, key: &AbilityKey) -> bool {
        matches!(&self.source, ToolSource::Ability { entity, ability, .. }
            if *entity == key.entity && *ability == key.ability)
    }
}

pub(super) fn truncate_description(text: &str) -> String {
    text.chars().take(DESCRIPTION_CHARACTERS_MAX).collect()
}

/// Completes a schema as providers require it: with `type` and `properties`.
pub(super) fn object_schema(mut schema: Value) -> Value {
    if let Value::Object(schema) = &mut schema {
        schema
            .entry("type")
            .or_insert_with(|| Value::from("object"));
        schema.entry("properties").or_insert_with(|| json!({}));
    }
    schema
}
