//! What a mind may be.

use contract::ability::Trigger;
use contract::mind::{EventMatcher, MindConfig};
use contract::{Rejection, RejectionCode};

use crate::rejection::{invalid, reject, too_large};
use crate::text::check_text;

/// Goals, or steps of a plan.
pub(super) const LINES_MAX: usize = 64;
pub(super) const LINE_BYTES_MAX: usize = 4 * 1024;
/// Everything that makes up one mind.
const MIND_BYTES_MAX: usize = 128 * 1024;
const MATCHERS_MAX: usize = 64;
const CHAINS_MAX: usize = 64;
/// Each is a model request.
const REFLECTIONS_MAX: usize = 16;
const CHAIN_MAX: usize = 16;
const ARGUMENT_BYTES_MAX: usize = 64;
const EVENTS_MAX: u32 = 200;
const PARAGRAPHS_MAX: u32 = 20;
const STEPS_MAX: u32 = 1000;

/// Checks what an agent is made of; `field` is where it stands in what was sent.
pub(crate) fn check_mind(mind: &MindConfig, field: &str) -> Result<(), Rejection> {
    let at = |name: &str| format!("{field}.{name}");
    let bytes = serde_json::to_string(mind).map_or(usize::MAX, |json| json.len());
    if bytes > MIND_BYTES_MAX {
        let detail = format!("{bytes} bytes; at most {MIND_BYTES_MAX} are taken");
        return Err(too_large(detail, Some(field.to_owned())));
    }
    check_lines(&mind.goals, &at("goals"))?;
    check_matchers(&mind.wakes_on, &at("wakes_on"))?;
    check_matchers(&mind.sleeps_on, &at("sleeps_on"))?;
    if !(1..=EVENTS_MAX).contains(&mind.memory.events) {
        return Err(invalid(
            at("memory.events"),
            format!("from 1 to {EVENTS_MAX}"),
        ));
    }
    if mind.memory.paragraphs > PARAGRAPHS_MAX {
        let detail = format!("at most {PARAGRAPHS_MAX}");
        return Err(invalid(at("memory.paragraphs"), detail));
    }
    if !(1..=STEPS_MAX).contains(&mind.steps_max) {
        return Err(invalid(at("steps_max"), format!("from 1 to {STEPS_MAX}")));
    }
    if mind.chains.len() > CHAINS_MAX {
        return Err(invalid(at("chains"), format!("at most {CHAINS_MAX}")));
    }
    if mind.reflections.len() > REFLECTIONS_MAX {
        let detail = format!("at most {REFLECTIONS_MAX}");
        return Err(invalid(at("reflections"), detail));
    }
    for (index, chain) in mind.chains.iter().enumerate() {
        if !(2..=CHAIN_MAX).contains(&chain.len()) {
            let detail = format!("a chain has from 2 to {CHAIN_MAX} abilities");
            return Err(invalid(at(&format!("chains[{index}]")), detail));
        }
    }
    for (index, reflection) in mind.reflections.iter().enumerate() {
        let argument = &reflection.argument;
        if argument.is_empty() || argument.len() > ARGUMENT_BYTES_MAX {
            let detail = format!("an argument has a name of 1 to {ARGUMENT_BYTES_MAX} bytes");
            return Err(invalid(
                at(&format!("reflections[{index}].argument")),
                detail,
            ));
        }
    }
    Ok(())
}

fn check_matchers(matchers: &[EventMatcher], field: &str) -> Result<(), Rejection> {
    if matchers.len() > MATCHERS_MAX {
        return Err(invalid(field, format!("at most {MATCHERS_MAX}")));
    }
    for (index, matcher) in matchers.iter().enumerate() {
        if let Trigger::Type(event_type) = &matcher.event_type
            && event_type.is_reserved()
        {
            let detail = format!("{event_type} is the world's own: an agent notices what is said");
            let field = Some(format!("{field}[{index}].type"));
            return Err(reject(RejectionCode::ReservedType, detail, field));
        }
    }
    Ok(())
}

pub(super) fn check_lines<'a>(
    lines: impl IntoIterator<Item = &'a String>,
    field: &str,
) -> Result<(), Rejection> {
    for (index, line) in lines.into_iter().enumerate() {
        let field = format!("{field}[{index}]");
        if index >= LINES_MAX {
            return Err(invalid(field, format!("at most {LINES_MAX} lines")));
        }
        check_text(line, LINE_BYTES_MAX, &field)?;
    }
    Ok(())
}
