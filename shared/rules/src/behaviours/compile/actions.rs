//! Actions: their names, and their arguments.

use contract::Rejection;
use contract::behaviour::WarningCode;
use serde_json::{Map, Value};

use super::findings::Findings;
use super::split::{SplitArguments, interaction_field};
use crate::behaviours::action::{Action, ActionKind};
use crate::behaviours::arguments::{ID_DETAIL, given_id, wrong_type};
use crate::behaviours::catalogue::{Argument, ArgumentKind, BuiltIn, Class, built_in};
use crate::behaviours::custom::CustomActions;
use crate::behaviours::limits::SECONDS_MAX;
use crate::behaviours::read::ParsedAction;
use crate::behaviours::wildcards::{self, Wildcards};
use crate::rejection::invalid;

/// Numbers that are counts, and what is the least.
const COUNTS: &[&str] = &["num_steps", "num_samples_to_stream", "steps", "repeat"];

/// Compiles actions with the wildcards of one scope.
pub(super) struct ActionCompiler<'a> {
    pub(super) wildcards: &'a Wildcards,
    pub(super) custom: &'a CustomActions,
    pub(super) findings: &'a mut Findings,
}

impl ActionCompiler<'_> {
    /// An action, and the times of its transition that are among its arguments. `is_state_action`: nobody
    /// can request it, and it has no such times.
    pub(super) fn action(
        &mut self,
        parsed: &ParsedAction,
        is_state_action: bool,
    ) -> Result<(Action, SplitArguments), Rejection> {
        let name = parsed.name.value.as_str();
        let kind = self.kind(name, &parsed.name.path)?;
        let path = parsed.args.path.as_str();
        let args = self
            .findings
            .arguments(&parsed.args.value, self.wildcards, path)?;
        let mut split = SplitArguments::new(args, path, |argument| match kind {
            ActionKind::BuiltIn(built_in) => built_in.argument(argument).is_some(),
            ActionKind::Custom { .. } => self.custom.has_argument(name, argument),
        })?;
        if let Some(time) = split.time_path()
            && is_state_action
            && !self.findings.is_foreign()
        {
            return Err(invalid(time, "only transitions have this time"));
        }
        self.check_interaction(&mut split.interaction, path)?;
        self.warn_of_id(&split.interaction, path);
        let action = Action {
            name: name.to_owned(),
            kind,
            args: std::mem::take(&mut split.args),
            interaction: std::mem::take(&mut split.interaction),
        };
        let action = self.check_arguments(action, path, is_state_action)?;
        Ok((action, split))
    }

    /// Behaviours that give requests ids are taken, as always; the ids are not.
    fn warn_of_id(&mut self, args: &Map<String, Value>, path: &str) {
        if let Some(name) = given_id(args) {
            let detail = format!("{ID_DETAIL}: this one is ignored");
            let path = format!("{path}.{name}");
            self.findings.warn(&path, WarningCode::UnknownField, detail);
        }
    }

    fn kind(&self, name: &str, path: &str) -> Result<ActionKind, Rejection> {
        if let Some(built_in) = built_in(name) {
            return Ok(ActionKind::BuiltIn(built_in));
        }
        match self.custom.requestable(name) {
            Some(requestable) => Ok(ActionKind::Custom { requestable }),
            None => {
                let detail = format!("unknown action: {name:?} is neither built in nor declared");
                Err(invalid(path, detail))
            }
        }
    }

    fn check_interaction(
        &mut self,
        interaction: &mut Map<String, Value>,
        path: &str,
    ) -> Result<(), Rejection> {
        for (name, value) in &*interaction {
            if let Some(field) = interaction_field(name) {
                self.check_value(field, value, &format!("{path}.{name}"))?;
            }
        }
        self.set_defaults(interaction, path)
    }

    fn check_arguments(
        &mut self,
        mut action: Action,
        path: &str,
        is_state_action: bool,
    ) -> Result<Action, Rejection> {
        let may_be_requested = action.is_requestable() && !is_state_action;
        match action.kind {
            ActionKind::BuiltIn(built_in) => {
                self.check_built_in(built_in, &action.args, path)?;
                // A request may have the others.
                if !may_be_requested {
                    built_in.check_complete(&action.args, path)?;
                }
                self.set_defaults(&mut action.args, path)?;
                if built_in.name == "send" {
                    self.warn_of_id(&action.args, path);
                    if !self.findings.is_foreign() {
                        check_send(&action.args, path)?;
                    }
                }
            }
            ActionKind::Custom { .. } if may_be_requested => {
                self.custom.check_part(&action.name, &action.args, path)?;
            }
            ActionKind::Custom { .. } => {
                self.custom.check(&action.name, &action.args, path)?;
            }
        }
        Ok(action)
    }

    fn check_built_in(
        &mut self,
        built_in: &BuiltIn,
        args: &Map<String, Value>,
        path: &str,
    ) -> Result<(), Rejection> {
        for (name, value) in args {
            let path = format!("{path}.{name}");
            let Some(argument) = built_in.argument(name) else {
                let detail = format!("{} has no argument {name:?}", built_in.name);
                return Err(invalid(path, detail));
            };
            self.check_value(argument, value, &path)?;
        }
        Ok(())
    }

    /// Checks a value by its type, and, if the type has a known set of values, by that.
    fn check_value(
        &mut self,
        argument: &Argument,
        value: &Value,
        path: &str,
    ) -> Result<(), Rejection> {
        let kind = argument.kind;
        // There is a warning about it already.
        if self.findings.is_foreign() && is_unresolved(value) {
            return Ok(());
        }
        if !argument.takes(value) {
            return Err(wrong_type(kind, path.to_owned()));
        }
        self.check_function(kind, value, path)?;
        if !kind.knows(value) {
            let detail = format!("it must be {}", kind.name());
            if !self.findings.is_foreign() {
                return Err(invalid(path, detail));
            }
            self.findings.warn(path, WarningCode::UnknownValue, detail);
        }
        Ok(())
    }

    /// Checks the name of an action that is an argument.
    fn check_function(
        &self,
        kind: ArgumentKind,
        value: &Value,
        path: &str,
    ) -> Result<(), Rejection> {
        let Some(name) = value.as_str() else {
            return Ok(());
        };
        let is_callback = |action: &BuiltIn| action.class != Class::Sends;
        let is_known = match kind {
            ArgumentKind::CustomAction => self.custom.contains(name),
            ArgumentKind::Callback => {
                self.custom.contains(name) || built_in(name).is_some_and(is_callback)
            }
            _ => true,
        };
        if is_known {
            return Ok(());
        }
        let detail = format!("unknown action: no custom action is called {name:?}");
        Err(invalid(path, detail))
    }

    /// Removes numbers that stand for the default: -1, and in the other system's files any below the least.
    fn set_defaults(&self, args: &mut Map<String, Value>, path: &str) -> Result<(), Rejection> {
        for name in COUNTS.iter().chain(&["timeout"]) {
            let Some(number) = args.get(*name).and_then(Value::as_f64) else {
                continue;
            };
            if number > SECONDS_MAX && *name == "timeout" {
                let detail = format!("at most {SECONDS_MAX} seconds");
                return Err(invalid(format!("{path}.{name}"), detail));
            }
            if number > 0.0 {
                continue;
            }
            // Both numbers are written by people, and exact.
            if number.to_bits() != (-1.0_f64).to_bits() && !self.findings.is_foreign() {
                let detail = "it must be above 0; leave it out for the default";
                return Err(invalid(format!("{path}.{name}"), detail));
            }
            args.remove(*name);
        }
        Ok(())
    }
}

/// Whether a value is a text with a wildcard that nothing replaces.
fn is_unresolved(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    wildcards::find(text).any(|name| !wildcards::is_known(name))
}

/// Arguments of `send` that exclude each other.
fn check_send(args: &Map<String, Value>, path: &str) -> Result<(), Rejection> {
    let is_given = |name: &str| args.get(name).is_some_and(|value| !value.is_null());
    let is_on = |name: &str| args.get(name) == Some(&Value::Bool(true));
    let conflict = if is_given("streams") && is_given("data_samples") {
        Some(("data_samples", "there are streams already"))
    } else if is_on("volatile") && is_on("wait_completion") {
        Some((
            "wait_completion",
            "nobody learns the outcome of a volatile request",
        ))
    } else if is_on("volatile") && is_given("callback") {
        Some((
            "callback",
            "nobody learns the outcome of a volatile request",
        ))
    } else {
        None
    };
    match conflict {
        Some((name, detail)) => Err(invalid(format!("{path}.{name}"), detail)),
        None => Ok(()),
    }
}
