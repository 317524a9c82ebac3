//! Compiles a behaviour: everything in it is looked up and checked.

mod actions;
mod findings;
mod reachable;
mod split;
mod states;
mod times;

use contract::Rejection;
use contract::behaviour::{Definition, Format, Warning};

use super::custom::CustomActions;
use super::limits::{DEFINITION_BYTES_MAX, WARNINGS_MAX};
use super::machine::{Machine, StateId};
use super::read::{read_foreign, read_ours};
use crate::rejection::too_large;
use findings::Findings;
use reachable::check_reachable;
use states::compile_states;

impl Machine {
    /// Reads and checks a behaviour. The same definition and declarations always give the same machine.
    ///
    /// # Errors
    /// The first fault, with the path of the field in the document as it was given.
    pub fn compile(
        definition: &Definition,
        custom: &CustomActions,
    ) -> Result<(Self, Vec<Warning>), Rejection> {
        let bytes = definition.json().len();
        if bytes > DEFINITION_BYTES_MAX {
            let detail = format!("{bytes} bytes; at most {DEFINITION_BYTES_MAX} are taken");
            return Err(too_large(detail, None));
        }
        let parsed = match definition.format() {
            Format::Manyworlds => read_ours(definition.json())?,
            Format::Unaiverse => read_foreign(definition.json())?,
        };
        let mut findings = Findings::new(definition.format());
        findings.check_wildcards(&parsed.scopes)?;
        let states = compile_states(&parsed, custom, &mut findings)?;
        check_reachable(&parsed, &states)?;
        let message = match (&parsed.message, parsed.scopes.first()) {
            (Some(message), Some(wildcards)) => Some(findings.message(message, wildcards)?),
            _ => None,
        };
        let machine = Self::new(states, StateId::new(parsed.initial), message);
        let mut warnings = parsed.warnings;
        warnings.extend(findings.into_warnings());
        warnings.truncate(WARNINGS_MAX);
        Ok((machine, warnings))
    }
}
