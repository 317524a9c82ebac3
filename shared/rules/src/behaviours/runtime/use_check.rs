//! Checks of an action that an entity uses by a command: what it would not look at is refused.

use contract::{Rejection, RoleName};
use serde_json::{Map, Value};

use super::limits::{AGENTS_MAX, BADGE_DESCRIPTION_BYTES_MAX};
use super::local::is_no_score;
use super::resolve::Actor;
use super::roles::base_role;
use crate::behaviours::arguments::{ID_DETAIL, given_id};
use crate::behaviours::catalogue::{ArgumentKind, BuiltIn};
use crate::behaviours::wildcards;
use crate::rejection::{field_path, invalid, reject, too_large};

/// Checks what no action done by a command looks at: functions of a machine, and ids.
pub(super) fn check_use(
    built_in: &BuiltIn,
    args: &Map<String, Value>,
    field: &str,
) -> Result<(), Rejection> {
    if let Some(name) = given_id(args).filter(|name| built_in.argument(name).is_some()) {
        return Err(invalid(field_path(field, name), ID_DETAIL));
    }
    let is_given = |name: &str| args.get(name).is_some_and(|value| !value.is_null());
    let mut functions = built_in.arguments.iter();
    let function = functions
        .find(|argument| argument.kind == ArgumentKind::CustomAction && is_given(argument.name));
    match function {
        Some(argument) => {
            let detail = "a function is run by a machine: use the action in a behaviour";
            Err(invalid(field_path(field, argument.name), detail))
        }
        None => Ok(()),
    }
}

/// Checks the values of what an entity suggests to the world.
pub(super) fn check_report(
    actor: Actor<'_>,
    built_in: &BuiltIn,
    args: &Map<String, Value>,
    field: &str,
) -> Result<(), Rejection> {
    match built_in.name {
        "suggest_badges_to_world" => {
            check_agents(actor, args.get("agent"), &field_path(field, "agent"))?;
            check_badge(built_in, args, field)
        }
        "suggest_role_to_world" => {
            check_agents(actor, args.get("agent"), &field_path(field, "agent"))?;
            check_role(actor, args.get("role"), &field_path(field, "role"))
        }
        "ask_world_stats" => check_filters(args.get("filters"), &field_path(field, "filters")),
        _ => Ok(()),
    }
}

/// The agents that an argument names are there. What a wildcard stands for may be nobody.
fn check_agents(actor: Actor<'_>, value: Option<&Value>, field: &str) -> Result<(), Rejection> {
    let (items, is_list) = match value {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Array(items)) => (items.as_slice(), true),
        Some(one) => (std::slice::from_ref(one), false),
    };
    if items.is_empty() {
        return Err(invalid(
            field,
            "at least one agent; leave it out for those involved",
        ));
    }
    if items.len() > AGENTS_MAX {
        let detail = format!("{} agents; at most {AGENTS_MAX} are taken", items.len());
        return Err(too_large(detail, Some(field.to_owned())));
    }
    for (index, item) in items.iter().enumerate() {
        let text = item.as_str().unwrap_or_default();
        if wildcards::find(text).next().is_some() || actor.entity(text).is_some() {
            continue;
        }
        let field = if is_list {
            format!("{field}[{index}]")
        } else {
            field.to_owned()
        };
        let detail = format!(
            "there is no entity {text:?} in the world {}",
            actor.world.id
        );
        return Err(reject(
            contract::RejectionCode::UnknownEntity,
            detail,
            Some(field),
        ));
    }
    Ok(())
}

fn check_badge(
    built_in: &BuiltIn,
    args: &Map<String, Value>,
    field: &str,
) -> Result<(), Rejection> {
    let score = args.get("score").and_then(Value::as_f64);
    if score.is_some_and(|score| !is_no_score(score) && !(0.0..=1.0).contains(&score)) {
        return Err(invalid(
            field_path(field, "score"),
            "a score is from 0 to 1",
        ));
    }
    let badge_type = built_in.argument("badge_type").zip(args.get("badge_type"));
    if let Some((argument, value)) = badge_type
        && !argument.kind.knows(value)
    {
        let detail = format!("it must be {}", argument.kind.name());
        return Err(invalid(field_path(field, "badge_type"), detail));
    }
    let description = args.get("badge_description").and_then(Value::as_str);
    if description.is_some_and(|text| text.len() > BADGE_DESCRIPTION_BYTES_MAX) {
        let detail = format!("at most {BADGE_DESCRIPTION_BYTES_MAX} bytes");
        let field = field_path(field, "badge_description");
        return Err(too_large(detail, Some(field)));
    }
    Ok(())
}

fn check_role(actor: Actor<'_>, value: Option<&Value>, field: &str) -> Result<(), Rejection> {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    if wildcards::find(text).next().is_some() {
        return Ok(());
    }
    let role: RoleName = base_role(text)
        .parse()
        .map_err(|error| invalid(field, format!("{error}")))?;
    let world = actor.world.description.as_ref();
    let is_known =
        world.is_none_or(|world| world.roles.is_empty() || world.roles.contains_key(&role));
    if is_known {
        return Ok(());
    }
    Err(invalid(field, format!("the world has no role {role}")))
}

/// The statistics of a world are read whole: by filters nothing would be left out.
fn check_filters(value: Option<&Value>, field: &str) -> Result<(), Rejection> {
    let filters = value.and_then(Value::as_object);
    match filters.and_then(|filters| filters.keys().next()) {
        Some(name) => {
            let detail = "the statistics of a world have no filters: they are read whole";
            Err(invalid(field_path(field, name), detail))
        }
        None => Ok(()),
    }
}
