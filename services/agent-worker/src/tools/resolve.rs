//! Maps the tool calls of a model to the tools that they stand for.

use std::collections::BTreeSet;

use contract::EntityId;
use contract::tool::{Tool, ToolCall};
use models::Arguments;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::abilities::take_target;
use super::names::sanitise;
use super::questions::parse_questions;
use super::raw_call::RawToolCall;
use super::spec::ToolSource;
use super::toolset::Toolset;

/// The maximum number of calls of one step that are executed; further ones are refused.
const CALLS_MAX: usize = 16;
/// The maximum number of calls of one step that are kept at all: further ones are dropped.
const CALLS_KEPT_MAX: usize = 64;
/// The maximum size of the arguments of all calls of one step: a world accepts no larger result.
const ARGUMENTS_BYTES_MAX: usize = 96 << 10;
/// The maximum length of an id of a call, and of the name of an unknown tool.
const ID_BYTES_MAX: usize = 64;

impl Toolset {
    /// Resolves the calls of one step. A call that can't be executed is refused, with a reason for
    /// the model.
    pub(crate) fn resolve_calls(&self, calls: Vec<RawToolCall>) -> Vec<ToolCall> {
        let mut ids = BTreeSet::new();
        let mut bytes_left = ARGUMENTS_BYTES_MAX;
        let kept = calls.into_iter().take(CALLS_KEPT_MAX).enumerate();
        kept.map(|(index, raw)| {
            let id = unique_id(&mut ids, &raw.id, index);
            match index < CALLS_MAX {
                true => self.resolve_call(id, raw, &mut bytes_left),
                false => {
                    let reason = format!("at most {CALLS_MAX} calls can be made at once");
                    refuse(id, raw, reason)
                }
            }
        })
        .collect()
    }

    fn resolve_call(&self, id: String, raw: RawToolCall, bytes_left: &mut usize) -> ToolCall {
        let (arguments, target) = match self.arguments(&raw, bytes_left) {
            Ok(found) => found,
            Err(reason) => return refuse(id, raw, reason),
        };
        let (tool, (reads_only, repeatable)) = match self.source(&raw.name) {
            None | Some(ToolSource::Mind) => (None, (false, false)),
            Some(ToolSource::People) => match parse_questions(&arguments) {
                Ok(questions) => (Some(Tool::People { questions }), (false, false)),
                Err(reason) => return refuse(id, raw, reason),
            },
            Some(ToolSource::Ability {
                entity, ability, ..
            }) => {
                let (entity, ability) = (entity.clone(), ability.clone());
                let tool = Tool::Ability {
                    entity,
                    ability,
                    target,
                };
                (Some(tool), (false, false))
            }
            Some(ToolSource::Mcp {
                server,
                tool,
                reads_only,
                repeatable,
            }) => {
                let (server, tool) = (server.clone(), tool.clone());
                let tool = Tool::Mcp { server, tool };
                (Some(tool), (*reads_only, *repeatable))
            }
        };
        ToolCall {
            id,
            name: valid_name(&raw.name),
            tool,
            arguments,
            reads_only,
            repeatable,
            refused: None,
            signatures: raw.signatures,
        }
    }

    /// The arguments of a call, and the target of the event, if they name one.
    fn arguments(
        &self,
        raw: &RawToolCall,
        bytes_left: &mut usize,
    ) -> Result<(Box<RawValue>, Option<EntityId>), String> {
        let spec = self.find(&raw.name);
        let arguments = match &raw.arguments {
            Arguments::Object(arguments) => arguments.clone(),
            // Many models call a tool without parameters in this way.
            Arguments::Absent if spec.is_none_or(|spec| !spec.requires_arguments()) => {
                no_arguments()
            }
            Arguments::Absent => return Err("the call has no arguments".to_owned()),
            Arguments::Unknown { reason } => return Err(reason.clone()),
        };
        let Some(left) = bytes_left.checked_sub(arguments.get().len()) else {
            return Err(format!(
                "the arguments of all calls have more than {ARGUMENTS_BYTES_MAX} bytes"
            ));
        };
        *bytes_left = left;
        match self.source(&raw.name) {
            Some(ToolSource::Ability { is_own: true, .. }) => split_target(arguments),
            _ => Ok((arguments, None)),
        }
    }

    fn source(&self, name: &str) -> Option<&ToolSource> {
        self.find(name).map(|spec| &spec.source)
    }
}

fn refuse(id: String, raw: RawToolCall, reason: String) -> ToolCall {
    ToolCall {
        id,
        name: valid_name(&raw.name),
        tool: None,
        arguments: no_arguments(),
        reads_only: false,
        repeatable: false,
        refused: Some(reason),
        signatures: raw.signatures,
    }
}

/// The name of an unknown tool, as all providers accept it in the history.
fn valid_name(name: &str) -> String {
    let mut name = sanitise(name);
    name.truncate(ID_BYTES_MAX);
    name
}

/// Separates the target from the other arguments, which stay as they are when they name none.
fn split_target(arguments: Box<RawValue>) -> Result<(Box<RawValue>, Option<EntityId>), String> {
    let parsed = serde_json::from_str::<Map<String, Value>>(arguments.get());
    let mut fields = parsed.map_err(|error| error.to_string())?;
    let count = fields.len();
    let target = take_target(&mut fields)?;
    if fields.len() == count {
        return Ok((arguments, target));
    }
    let arguments = to_raw_value(&fields).map_err(|error| error.to_string())?;
    Ok((arguments, target))
}

fn no_arguments() -> Box<RawValue> {
    to_raw_value(&Map::new()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// The id that the model gave, or a generated one when that is empty, too long or a duplicate.
fn unique_id(taken: &mut BTreeSet<String>, id: &str, index: usize) -> String {
    let given = (!id.is_empty() && id.len() <= ID_BYTES_MAX).then(|| id.to_owned());
    let generated = (index..).map(|number| format!("call-{number}"));
    let mut ids = given.into_iter().chain(generated);
    ids.find(|id| taken.insert(id.clone())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mcp::ListedTool;

    fn toolset() -> Toolset {
        let listed = |name: &str, reads_only| ListedTool {
            name: name.to_owned(),
            description: String::new(),
            schema: json!({}),
            reads_only,
            repeatable: true,
        };
        Toolset::of_files(&[listed("read", true), listed("put", false)])
    }

    fn raw(id: &str, name: &str, arguments: &Value) -> RawToolCall {
        let arguments = to_raw_value(arguments).unwrap();
        raw_with(id, name, Arguments::Object(arguments))
    }

    fn raw_with(id: &str, name: &str, arguments: Arguments) -> RawToolCall {
        RawToolCall {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments,
            signatures: vec!["sig".to_owned()],
        }
    }

    fn resolve(name: &str, arguments: &Value) -> ToolCall {
        let calls = vec![raw("a", name, arguments)];
        toolset().resolve_calls(calls).remove(0)
    }

    #[test]
    fn a_call_is_mapped_to_its_tool() {
        let call = resolve("files_read", &json!({"path": "/x"}));
        let expected = Tool::Mcp {
            server: "files".to_owned(),
            tool: "read".to_owned(),
        };
        assert_eq!(call.tool, Some(expected));
        assert_eq!(call.arguments.get(), r#"{"path":"/x"}"#);
        assert_eq!((call.reads_only, call.repeatable), (true, true));
        assert_eq!(
            (call.refused, call.signatures),
            (None, vec!["sig".to_owned()])
        );
        assert!(!resolve("files_put", &json!({})).reads_only);
    }

    #[test]
    fn an_unknown_tool_is_none() {
        let call = resolve("rm -rf", &json!({}));
        assert_eq!((call.tool, call.refused), (None, None));
        assert_eq!(call.name, "rm_-rf");
    }

    #[test]
    fn invalid_arguments_are_refused() {
        let object = |value: &Value| Arguments::Object(to_raw_value(value).unwrap());
        let large = json!({"text": "x".repeat(ARGUMENTS_BYTES_MAX)});
        let unknown = Arguments::Unknown {
            reason: "not valid JSON".to_owned(),
        };
        for (name, arguments, expected) in [
            ("files_read", unknown, "not valid JSON"),
            ("files_read", object(&large), "more than 98304 bytes"),
            (
                "ask_user_input",
                object(&json!({})),
                "missing field `questions`",
            ),
            ("ask_user_input", Arguments::Absent, "has no arguments"),
        ] {
            let calls = vec![raw_with("a", name, arguments)];
            let call = toolset().resolve_calls(calls).remove(0);
            let reason = call.refused.unwrap();
            assert!(reason.contains(expected), "{reason}");
            assert_eq!((call.arguments.get(), call.name.as_str()), ("{}", name));
        }
    }

    #[test]
    fn a_tool_without_parameters_needs_no_arguments() {
        let calls = vec![raw_with("a", "files_read", Arguments::Absent)];
        let call = toolset().resolve_calls(calls).remove(0);
        assert!(call.refused.is_none() && call.tool.is_some());
        assert_eq!(call.arguments.get(), "{}");
    }

    #[test]
    fn questions_are_for_people() {
        let questions = json!({"questions": [{"question": "Why?"}]});
        let Some(Tool::People { questions }) = resolve("ask_user_input", &questions).tool else {
            panic!("the tool is people");
        };
        assert_eq!(questions[0].id, "question-1");
    }

    #[test]
    fn ids_are_unique_and_the_number_of_calls_is_limited() {
        let ids = ["", "a", "a", "call-4", "", &"x".repeat(100)];
        let given = ids.iter().map(|id| raw(id, "files_read", &json!({})));
        let calls = toolset().resolve_calls(given.collect());
        let ids: Vec<_> = calls.iter().map(|call| call.id.as_str()).collect();
        let expected = ["call-0", "a", "call-2", "call-4", "call-5", "call-6"];
        assert_eq!(ids, expected);

        let ids = ["call-2", "call-2-again", "", "call-3"];
        let given = ids.iter().map(|id| raw(id, "files_read", &json!({})));
        let calls = toolset().resolve_calls(given.collect());
        let ids: Vec<_> = calls.iter().map(|call| call.id.as_str()).collect();
        assert_eq!(ids, ["call-2", "call-2-again", "call-3", "call-4"]);

        let many = vec![raw("a", "files_read", &json!({})); 100];
        let calls = toolset().resolve_calls(many);
        let made = calls.iter().filter(|call| call.refused.is_none()).count();
        assert_eq!((calls.len(), made), (CALLS_KEPT_MAX, CALLS_MAX));
        let ids: BTreeSet<_> = calls.iter().map(|call| &call.id).collect();
        assert_eq!(ids.len(), CALLS_KEPT_MAX);
    }
}
