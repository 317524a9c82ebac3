//! Fields of a file of the other system that its format does not have: they are ignored, with a warning.

use contract::Rejection;
use contract::behaviour::{Warning, WarningCode};
use serde_json::Value;

use super::json::read;

const FILE: &[&str] = &["machine", "states", "transitions", "teleports", "wildcards"];
const MACHINE: &[&str] = &["role", "initial_state", "msg", "options"];
const STATE: &[&str] = &[
    "action",
    "action_kwargs",
    "msg",
    "blocking",
    "time_to_wait_before_acting",
];
const ARROW: &[&str] = &["on", "goto"];
const ON: &[&str] = &[
    "action",
    "action_kwargs",
    "msg",
    "ready",
    "high_priority",
    "max_duration",
    "retry_timeout",
    "delay",
];

/// A warning for each field that is unknown.
pub(super) fn unknown_fields(json: &str) -> Result<Vec<Warning>, Rejection> {
    let file: Value = read(json)?;
    let mut warnings = Vec::new();
    check(&file, "", FILE, &mut warnings);
    check(&file["machine"], "machine.", MACHINE, &mut warnings);
    for (name, state) in fields(&file["states"]) {
        check(state, &format!("states.{name}."), STATE, &mut warnings);
    }
    for section in ["transitions", "teleports"] {
        for (from, arrows) in fields(&file[section]) {
            let arrows = arrows.as_array().map_or(&[][..], Vec::as_slice);
            for (index, arrow) in arrows.iter().enumerate() {
                let path = format!("{section}.{from}[{index}].");
                check(arrow, &path, ARROW, &mut warnings);
                check(&arrow["on"], &format!("{path}on."), ON, &mut warnings);
            }
        }
    }
    Ok(warnings)
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn check(value: &Value, path: &str, known: &[&str], warnings: &mut Vec<Warning>) {
    let unknown = fields(value).filter(|(name, _)| !known.contains(&name.as_str()));
    warnings.extend(unknown.map(|(name, _)| Warning {
        field: format!("{path}{name}"),
        code: WarningCode::UnknownField,
        detail: "the format has no such field: it is ignored".to_owned(),
    }));
}
