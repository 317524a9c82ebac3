//! What is found while a behaviour is compiled: warnings, and how large it becomes.

use std::collections::BTreeSet;

use contract::Rejection;
use contract::behaviour::{Format, Warning, WarningCode};
use serde_json::{Map, Value};

use crate::behaviours::limits::{MACHINE_BYTES_MAX, WARNINGS_MAX, WILDCARDS_MAX};
use crate::behaviours::substitution::Substitution;
use crate::behaviours::wildcards::{self, Wildcards};
use crate::rejection::{invalid, too_large};

/// What is found while a behaviour is compiled.
pub(super) struct Findings {
    format: Format,
    warnings: Vec<Warning>,
    remaining_bytes: usize,
}

impl Findings {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            warnings: Vec::new(),
            remaining_bytes: MACHINE_BYTES_MAX,
        }
    }

    /// Whether the document is of the other system, whose files are read as leniently as it reads them.
    pub(super) fn is_foreign(&self) -> bool {
        self.format == Format::Unaiverse
    }

    pub(super) fn into_warnings(self) -> Vec<Warning> {
        self.warnings
    }

    pub(super) fn warn(&mut self, field: &str, code: WarningCode, detail: impl Into<String>) {
        let is_known = |other: &Warning| other.field == field && other.code == code;
        if self.warnings.len() >= WARNINGS_MAX || self.warnings.iter().any(is_known) {
            return;
        }
        self.warnings.push(Warning {
            field: field.to_owned(),
            code,
            detail: detail.into(),
        });
    }

    /// Checks the names of wildcards. In our own format they have the form `<name>`, and none that a machine
    /// has when it runs.
    pub(super) fn check_wildcards(&self, scopes: &[Wildcards]) -> Result<(), Rejection> {
        for wildcards in scopes {
            if wildcards.len() > WILDCARDS_MAX {
                let detail = format!("at most {WILDCARDS_MAX} wildcards");
                return Err(too_large(detail, Some("wildcards".to_owned())));
            }
            if self.is_foreign() {
                continue;
            }
            for name in wildcards.keys() {
                let field = format!("wildcards.{name}");
                if wildcards::is_known(name) {
                    let detail = format!("{name} has its value when the machine runs");
                    return Err(invalid(field, detail));
                }
                if wildcards::find(name).next() != Some(name) {
                    let detail = "a wildcard has the form <name>: letters, digits, underscores";
                    return Err(invalid(field, detail));
                }
            }
        }
        Ok(())
    }

    /// Counts what is part of the machine.
    pub(super) fn count_bytes(&mut self, bytes: usize, field: &str) -> Result<(), Rejection> {
        match self.remaining_bytes.checked_sub(bytes) {
            Some(remaining) => self.remaining_bytes = remaining,
            None => return Err(machine_too_large(field)),
        }
        Ok(())
    }

    /// Arguments with the wildcards of the document replaced.
    pub(super) fn arguments(
        &mut self,
        args: &Map<String, Value>,
        wildcards: &Wildcards,
        field: &str,
    ) -> Result<Map<String, Value>, Rejection> {
        let custom = without_known(wildcards);
        let mut substitution = Substitution::new(&custom, self.remaining_bytes);
        let args = substitution.arguments(args);
        if substitution.is_exceeded() {
            return Err(machine_too_large(field));
        }
        for (name, value) in &args {
            let mut unresolved = BTreeSet::new();
            collect_unresolved(value, &mut unresolved);
            for wildcard in unresolved {
                let detail = format!("nothing replaces {wildcard}: it stays as text");
                let field = format!("{field}.{name}");
                self.warn(&field, WarningCode::UnresolvedWildcard, detail);
            }
        }
        Ok(args)
    }

    /// A message with the wildcards of the document replaced.
    pub(super) fn message(
        &mut self,
        text: &str,
        wildcards: &Wildcards,
    ) -> Result<String, Rejection> {
        let custom = without_known(wildcards);
        let mut substitution = Substitution::new(&custom, self.remaining_bytes);
        let text = substitution.message(text);
        if substitution.is_exceeded() {
            return Err(machine_too_large("wildcards"));
        }
        self.count_bytes(text.len(), "wildcards")?;
        Ok(text)
    }
}

/// The other system's files may hold values of wildcards that a machine has when it runs. They are those of
/// another run.
fn without_known(wildcards: &Wildcards) -> Wildcards {
    let custom = wildcards
        .iter()
        .filter(|(name, _)| !wildcards::is_known(name));
    let custom = custom.map(|(name, value)| (name.clone(), value.clone()));
    custom.collect()
}

fn collect_unresolved<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) => {
            found.extend(wildcards::find(text).filter(|name| !wildcards::is_known(name)));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_unresolved(item, found)),
        Value::Object(fields) => fields
            .values()
            .for_each(|field| collect_unresolved(field, found)),
        _ => {}
    }
}

fn machine_too_large(field: &str) -> Rejection {
    let detail = format!(
        "with wildcards replaced, the arguments and messages have more than {MACHINE_BYTES_MAX} bytes"
    );
    too_large(detail, Some(field.to_owned()))
}
