//! Arguments, sorted by whose they are: the transition's, the interaction's, the action's.

use contract::Rejection;
use contract::behaviour::Seconds;
use serde_json::{Map, Value};

use crate::behaviours::catalogue::{Argument, BuiltIn, built_in};
use crate::behaviours::read::Located;
use crate::rejection::invalid;

/// The fields of an interaction that arguments of any action may set. `send` has them as its own arguments.
const INTERACTION_FIELDS: &[&str] = &[
    "streams",
    "num_steps",
    "target",
    "timeout",
    "copy_sys",
    "forced_uuid",
    "id",
    "volatile",
    "data_samples",
    "callback",
    "num_samples_to_stream",
];
/// What no action may have as an argument of its own.
const RESERVED: &[&str] = &["interaction", "action_kwargs"];

/// The arguments of a use of an action, by whose they are.
#[derive(Default)]
pub(super) struct SplitArguments {
    pub(super) args: Map<String, Value>,
    pub(super) interaction: Map<String, Value>,
    pub(super) delay: Option<Located<Seconds>>,
    pub(super) retry: Option<Located<Seconds>>,
    pub(super) max: Option<Located<Seconds>>,
}

impl SplitArguments {
    /// Sorts arguments; `is_own` says which names the action declares itself.
    pub(super) fn new(
        args: Map<String, Value>,
        path: &str,
        is_own: impl Fn(&str) -> bool,
    ) -> Result<Self, Rejection> {
        let mut split = Self::default();
        for (name, value) in args {
            let path = format!("{path}.{name}");
            let time = match name.as_str() {
                "delay" => &mut split.delay,
                "retry_timeout" => &mut split.retry,
                "max_duration" => &mut split.max,
                name if is_own(name) => {
                    split.args.insert(name.to_owned(), value);
                    continue;
                }
                name if RESERVED.contains(&name) => {
                    return Err(invalid(path, "the name is reserved"));
                }
                name if INTERACTION_FIELDS.contains(&name) => {
                    split.interaction.insert(name.to_owned(), value);
                    continue;
                }
                name => {
                    split.args.insert(name.to_owned(), value);
                    continue;
                }
            };
            *time = Some(Located::new(seconds(value, &path)?, path));
        }
        Ok(split)
    }

    /// Whether a time of the transition is among the arguments: the path of the first.
    pub(super) fn time_path(&self) -> Option<&str> {
        let times = [&self.delay, &self.retry, &self.max];
        let first = times.into_iter().flatten().next();
        first.map(|time| time.path.as_str())
    }
}

fn seconds(value: Value, path: &str) -> Result<Seconds, Rejection> {
    serde_json::from_value(value).map_err(|error| invalid(path, error.to_string()))
}

/// The argument of `send` that is the field of an interaction.
pub(super) fn interaction_field(name: &str) -> Option<&'static Argument> {
    built_in("send").and_then(|send: &BuiltIn| send.argument(name))
}
