//! Maps the tool calls of a model to the tools that they stand for.

use std::collections::BTreeSet;

use contract::tool::{Tool, ToolCall};
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

    fn resolve_call(&self, id: String, mut raw: RawToolCall, bytes_left: &mut usize) -> ToolCall {
        let mut target = None;
        if let Some(ToolSource::Ability { is_own: true, .. }) = self.source(&raw.name)
            && let Value::Object(arguments) = &mut raw.arguments
        {
            target = match take_target(arguments) {
                Ok(target) => target,
                Err(reason) => return refuse(id, raw, reason),
            };
        }
        let arguments = match encode_arguments(&raw.arguments, bytes_left) {
            Ok(arguments) => arguments,
            Err(reason) => return refuse(id, raw, reason),
        };
        let (tool, (reads_only, repeatable)) = match self.source(&raw.name) {
            None | Some(ToolSource::Mind) => (None, (false, false)),
            Some(ToolSource::People) => match parse_questions(&raw.arguments) {
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

fn encode_arguments(arguments: &Value, bytes_left: &mut usize) -> Result<Box<RawValue>, String> {
    if !arguments.is_object() {
        return Err("the arguments must be a JSON object".to_owned());
    }
    let arguments = to_raw_value(arguments).map_err(|error| error.to_string())?;
    let Some(left) = bytes_left.checked_sub(arguments.get().len()) else {
        let reason =
            format!("the arguments of all calls have more than {ARGUMENTS_BYTES_MAX} bytes");
        return Err(reason);
    };
    *bytes_left = left;
    Ok(arguments)
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

    fn raw(id: &str, name: &str, arguments: Value) -> RawToolCall {
        RawToolCall {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments,
            signatures: vec!["sig".to_owned()],
        }
    }

    fn resolve(name: &str, arguments: Value) -> ToolCall {
        let calls = vec![raw("a", name, arguments)];
        toolset().resolve_calls(calls).remove(0)
    }

    #[test]
    fn a_call_is_mapped_to_its_tool() {
        let call = resolve("files_read", json!({"path": "/x"}));
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
        assert!(!resolve("files_put", json!({})).reads_only);
    }

    #[test]
    fn an_unknown_tool_is_none() {
        let call = resolve("rm -rf", json!({}));
        assert_eq!((call.tool, call.refused), (None, None));
        assert_eq!(call.name, "rm_-rf");
    }

    #[test]
    fn invalid_arguments_are_refused() {
        let large = json!({"text": "x".repeat(ARGUMENTS_BYTES_MAX)});
        for (name, arguments, expected) in [
            ("files_read", json!("{broken"), "must be a JSON object"),
            ("files_read", json!(null), "must be a JSON object"),
            ("files_read", large, "more than 98304 bytes"),
            ("ask_user_input", json!({}), "missing field `questions`"),
        ] {
            let call = resolve(name, arguments);
            let reason = call.refused.unwrap();
            assert!(reason.contains(expected), "{reason}");
            assert_eq!((call.arguments.get(), call.name.as_str()), ("{}", name));
        }
    }

    #[test]
    fn questions_are_for_people() {
        let questions = json!({"questions": [{"question": "Why?"}]});
        let Some(Tool::People { questions }) = resolve("ask_user_input", questions).tool else {
            panic!("the tool is people");
        };
        assert_eq!(questions[0].id, "question-1");
    }

    #[test]
    fn ids_are_unique_and_the_number_of_calls_is_limited() {
        let ids = ["", "a", "a", "call-4", "", &"x".repeat(100)];
        let given = ids.iter().map(|id| raw(id, "files_read", json!({})));
        let calls = toolset().resolve_calls(given.collect());
        let ids: Vec<_> = calls.iter().map(|call| call.id.as_str()).collect();
        let expected = ["call-0", "a", "call-2", "call-4", "call-5", "call-6"];
        assert_eq!(ids, expected);

        let ids = ["call-2", "call-2-again", "", "call-3"];
        let given = ids.iter().map(|id| raw(id, "files_read", json!({})));
        let calls = toolset().resolve_calls(given.collect());
        let ids: Vec<_> = calls.iter().map(|call| call.id.as_str()).collect();
        assert_eq!(ids, ["call-2", "call-2-again", "call-3", "call-4"]);

        let many = vec![raw("a", "files_read", json!({})); 100];
        let calls = toolset().resolve_calls(many);
        let made = calls.iter().filter(|call| call.refused.is_none()).count();
        assert_eq!((calls.len(), made), (CALLS_KEPT_MAX, CALLS_MAX));
        let ids: BTreeSet<_> = calls.iter().map(|call| &call.id).collect();
        assert_eq!(ids.len(), CALLS_KEPT_MAX);
    }
}
