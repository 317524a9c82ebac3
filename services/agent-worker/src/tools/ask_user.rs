//! The tool with which a model asks people questions.

use serde_json::json;

use super::spec::{ToolSource, ToolSpec};

pub(super) const ASK_USER: &str = "ask_user_input";
const DESCRIPTION: &str = "Asks the user, and waits for the answers. Use it when you can't go on \
                           without a decision or a fact that only the user knows. Offer options \
                           wherever you can.";

pub(super) fn ask_user_tool() -> ToolSpec {
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
    ToolSpec {
        name: ASK_USER.to_owned(),
        description: DESCRIPTION.to_owned(),
        schema: json!({
            "type": "object",
            "properties": {
                "questions": {"type": "array", "items": question},
                "allowSkip": {
                    "type": "boolean",
                    "description": "Whether the user may answer none of them.",
                },
            },
            "required": ["questions"],
        }),
        source: ToolSource::People,
    }
}
