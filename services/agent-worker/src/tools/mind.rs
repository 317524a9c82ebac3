//! The tools with which an agent changes its own mind.

use serde_json::{Value, json};

use super::spec::{ToolSource, ToolSpec};

/// The tool that ends the work on what woke the agent.
pub(crate) const SLEEP: &str = "sleep";
/// The tool that replaces the plan.
pub(crate) const PLAN: &str = "plan";

pub(super) fn mind_tools() -> [ToolSpec; 2] {
    let steps = json!({"type": "array", "items": {"type": "string"}});
    let spec = |name: &str, description: &str, properties: Value| ToolSpec {
        name: name.to_owned(),
        description: description.to_owned(),
        schema: json!({"type": "object", "properties": properties}),
        source: ToolSource::Mind,
    };
    [
        spec(
            PLAN,
            "Notes what you mean to do, step by step.",
            json!({"steps": steps}),
        ),
        spec(SLEEP, "Sleeps until something wakes you.", json!({})),
    ]
}
