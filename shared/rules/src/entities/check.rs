//! What an entity may be. Each feature checks its own part: see `entity_checks`.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::brain::{Brain, LlmOptions, Script};
use contract::{AgentConfig, Entity, EntityId, Rejection};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::rejection::{field_path, invalid, too_large};
use crate::schemas::{invalid_data, parse_schema};
use crate::text::check_text;

const NAME_BYTES_MAX: usize = 1024;
const DESCRIPTION_BYTES_MAX: usize = 16 * 1024;
const METADATA_BYTES_MAX: usize = 64 * 1024;
const PROMPT_BYTES_MAX: usize = 128 * 1024;
const OPTIONS_BYTES_MAX: usize = 16 * 1024;
/// The longest state: it is in the world's own, and in each event that describes its entity.
const STATE_BYTES_MAX: usize = 64 * 1024;
/// Calls of one rule of a script: each is a step, and an answer has only so many.
const SCRIPT_CALLS_MAX: usize = 16;
/// The most messages that an agent is given to think about: what the state keeps of a chat.
const CONTEXT_MESSAGES_MAX: u32 = 200;
/// The longest that an agent may think, in one model request or in all.
const TIMEOUT_MAX: Duration = Duration::from_hours(24);

/// Checks what every entity has; `field` is where it stands in what was sent.
pub(crate) fn check_basics(entity: &Entity, field: &str) -> Result<(), Rejection> {
    let at = |name: &str| field_path(field, name);
    if entity.id == EntityId::world() {
        return Err(invalid(at("id"), "the id world is the world's own"));
    }
    check_text(&entity.name, NAME_BYTES_MAX, &at("name"))?;
    check_text(
        &entity.description,
        DESCRIPTION_BYTES_MAX,
        &at("description"),
    )?;
    check_metadata(&entity.metadata, &at("metadata"))
}

/// Checks what is attached to an entity or a world.
pub(crate) fn check_metadata(
    metadata: &BTreeMap<String, Value>,
    field: &str,
) -> Result<(), Rejection> {
    let bytes = metadata
        .iter()
        .map(|(key, value)| key.len() + value.to_string().len());
    let bytes: usize = bytes.sum();
    if bytes > METADATA_BYTES_MAX {
        let detail = format!("{bytes} bytes; at most {METADATA_BYTES_MAX} are kept");
        return Err(too_large(detail, Some(field.to_owned())));
    }
    Ok(())
}

/// Whether an entity's state is what its schema promises; `field` is where it stands.
pub(crate) fn check_state(entity: &Entity, field: &str) -> Result<(), Rejection> {
    let state = entity.state.as_ref().unwrap_or(&Value::Null);
    let text = state.to_string();
    let field = field_path(field, "state");
    if text.len() > STATE_BYTES_MAX {
        let detail = format!("{} bytes; at most {STATE_BYTES_MAX} are kept", text.len());
        return Err(too_large(detail, Some(field)));
    }
    let Some(promised) = &entity.state_schema else {
        return Ok(());
    };
    let schema = parse_schema(promised, &format!("{field}_schema"))?;
    let state = RawValue::from_string(text).map_err(|error| invalid(&field, error.to_string()))?;
    schema
        .check(&state)
        .map_err(|faults| invalid_data(&faults, &field))
}

/// Checks how long an agent may think, and about how much; `field` is where its configuration stands.
pub(crate) fn check_agent(agent: &AgentConfig, field: &str) -> Result<(), Rejection> {
    if !(1..=CONTEXT_MESSAGES_MAX).contains(&agent.context_messages) {
        let detail = format!("from 1 to {CONTEXT_MESSAGES_MAX}");
        return Err(invalid(format!("{field}.context_messages"), detail));
    }
    check_timeout(
        agent.turn_timeout_seconds,
        &format!("{field}.turn_timeout_seconds"),
    )
}

/// Checks what an agent thinks with.
pub(crate) fn check_brain(brain: &Brain, field: &str) -> Result<(), Rejection> {
    match brain {
        Brain::Llm(llm) => {
            let field = format!("{field}.llm");
            check_timeout(
                llm.call_timeout_seconds,
                &format!("{field}.call_timeout_seconds"),
            )?;
            if llm.model.is_empty() {
                return Err(invalid(format!("{field}.model"), "a model has a name"));
            }
            check_options(&llm.options, &format!("{field}.options"))?;
            check_text(
                &llm.system_prompt,
                PROMPT_BYTES_MAX,
                &format!("{field}.system_prompt"),
            )
        }
        Brain::Function { .. } | Brain::Client {} => Ok(()),
        Brain::Script(script) => check_script(script, &format!("{field}.script")),
    }
}

fn check_options(options: &LlmOptions, field: &str) -> Result<(), Rejection> {
    let bytes = serde_json::to_string(options).map_or(0, |json| json.len());
    if bytes > OPTIONS_BYTES_MAX {
        let detail = format!("{bytes} bytes; at most {OPTIONS_BYTES_MAX} are taken");
        return Err(too_large(detail, Some(field.to_owned())));
    }
    Ok(())
}

fn check_script(script: &Script, field: &str) -> Result<(), Rejection> {
    let mut bytes = script.default.len();
    for (index, rule) in script.rules.iter().enumerate() {
        if rule.calls.len() > SCRIPT_CALLS_MAX {
            let detail = format!("a rule makes at most {SCRIPT_CALLS_MAX} calls");
            return Err(invalid(format!("{field}.rules[{index}].calls"), detail));
        }
        let arguments = rule.calls.iter().map(|call| call.arguments.to_string());
        bytes += rule.when.len() + rule.reply.len();
        bytes += arguments.map(|arguments| arguments.len()).sum::<usize>();
    }
    if bytes > PROMPT_BYTES_MAX {
        let detail = format!("{bytes} bytes; at most {PROMPT_BYTES_MAX} are taken");
        return Err(too_large(detail, Some(field.to_owned())));
    }
    Ok(())
}

pub(crate) fn check_timeout(timeout: Duration, field: &str) -> Result<(), Rejection> {
    if timeout.is_zero() || timeout > TIMEOUT_MAX {
        return Err(invalid(
            field,
            format!("more than 0 and at most {} s", TIMEOUT_MAX.as_secs()),
        ));
    }
    Ok(())
}
