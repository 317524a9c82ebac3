//! The calls of a model, as the world is told of them.

use std::collections::BTreeSet;

use contract::tool::{Tool, ToolCall};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::{Offer, Target, abilities, names, questions};

/// Calls of one step that are made; the others are refused.
const CALLS_MAX: usize = 16;
/// Calls of one step that the model is told of at all: what lists more is out of its mind.
const CALLS_KEPT_MAX: usize = 64;
/// Arguments of all calls of one step, in bytes: the world takes no larger result.
const ARGUMENTS_BYTES_MAX: usize = 96 << 10;
/// The longest id of a call that is kept, and of an unknown tool's name.
const ID_BYTES_MAX: usize = 64;

/// A call, as a model made it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: Value,
    /// What the model's provider wants to see again with the call.
    pub(crate) signatures: Vec<String>,
}

impl Offer {
    /// What the model means. A call that can't be made is refused, with a reason for the model.
    pub(crate) fn calls(&self, wanted: Vec<Wanted>) -> Vec<ToolCall> {
        let mut ids = BTreeSet::new();
        let mut room = ARGUMENTS_BYTES_MAX;
        let kept = wanted.into_iter().take(CALLS_KEPT_MAX).enumerate();
        kept.map(|(index, wanted)| {
            let id = unique(&mut ids, &wanted.id, index);
            match index < CALLS_MAX {
                true => self.call(id, wanted, &mut room),
                false => {
                    let reason = format!("at most {CALLS_MAX} calls can be made at once");
                    refused(id, wanted, reason)
                }
            }
        })
        .collect()
    }

    fn call(&self, id: String, mut wanted: Wanted, room: &mut usize) -> ToolCall {
        let mut target = None;
        if let Some(Target::Ability { is_own: true, .. }) =
            self.find(&wanted.name).map(|it| &it.target)
            && let Value::Object(arguments) = &mut wanted.arguments
        {
            target = match abilities::take_target(arguments) {
                Ok(target) => target,
                Err(reason) => return refused(id, wanted, reason),
            };
        }
        let arguments = match arguments(&wanted.arguments, room) {
            Ok(arguments) => arguments,
            Err(reason) => return refused(id, wanted, reason),
        };
        let (tool, (reads_only, repeatable)) = match self.find(&wanted.name).map(|it| &it.target) {
            None | Some(Target::Mind) => (None, (false, false)),
            Some(Target::People) => match questions::parse(&wanted.arguments) {
                Ok(questions) => (Some(Tool::People { questions }), (false, false)),
                Err(reason) => return refused(id, wanted, reason),
            },
            Some(Target::Ability {
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
            Some(Target::Mcp {
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
            name: known_letters(&wanted.name),
            tool,
            arguments,
            reads_only,
            repeatable,
            refused: None,
            signatures: wanted.signatures,
        }
    }
}

fn refused(id: String, wanted: Wanted, reason: String) -> ToolCall {
    ToolCall {
        id,
        name: known_letters(&wanted.name),
        tool: None,
        arguments: nothing(),
        reads_only: false,
        repeatable: false,
        refused: Some(reason),
        signatures: wanted.signatures,
    }
}

/// A name of a tool that is not there may be one that no provider takes.
fn known_letters(name: &str) -> String {
    let mut name = names::clean(name);
    name.truncate(ID_BYTES_MAX);
    name
}

fn arguments(given: &Value, room: &mut usize) -> Result<Box<RawValue>, String> {
    if !given.is_object() {
        return Err("the arguments must be a JSON object".to_owned());
    }
    let arguments = to_raw_value(given).map_err(|error| error.to_string())?;
    let Some(left) = room.checked_sub(arguments.get().len()) else {
        let reason =
            format!("the arguments of all calls have more than {ARGUMENTS_BYTES_MAX} bytes");
        return Err(reason);
    };
    *room = left;
    Ok(arguments)
}

fn nothing() -> Box<RawValue> {
    to_raw_value(&Map::new()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// The id that the model gave, or one of ours when that is missing, too long, or given twice.
fn unique(taken: &mut BTreeSet<String>, id: &str, index: usize) -> String {
    let given = (!id.is_empty() && id.len() <= ID_BYTES_MAX).then(|| id.to_owned());
    let ours = (index..).map(|number| format!("call-{number}"));
    let mut ids = given.into_iter().chain(ours);
    ids.find(|id| taken.insert(id.clone())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mcp::Listed;
    use crate::tools::offered;

    fn offer() -> Offer {
        let listed = |name: &str, reads_only| Listed {
            name: name.to_owned(),
            description: String::new(),
            schema: json!({}),
            reads_only,
            repeatable: true,
        };
        let tools = [listed("read", true), listed("put", false)];
        let context = json!({"agent": {"id": "ada", "kind": "agent"}});
        let context = serde_json::from_value(context).unwrap();
        Offer {
            tools: offered([("files", &tools[..])].into_iter(), true, &context),
            away: Vec::new(),
        }
    }

    fn wanted(id: &str, name: &str, arguments: Value) -> Wanted {
        Wanted {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments,
            signatures: vec!["sig".to_owned()],
        }
    }

    fn call(name: &str, arguments: Value) -> ToolCall {
        offer().calls(vec![wanted("a", name, arguments)]).remove(0)
    }

    #[test]
    fn a_call_knows_its_tool() {
        let call = self::call("files_read", json!({"path": "/x"}));
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
        assert!(!self::call("files_put", json!({})).reads_only);
    }

    #[test]
    fn a_tool_that_is_not_there_is_none() {
        let call = self::call("rm -rf", json!({}));
        assert_eq!((call.tool, call.refused), (None, None));
        assert_eq!(call.name, "rm_-rf");
    }

    #[test]
    fn what_can_not_be_called_is_refused() {
        let large = json!({"text": "x".repeat(ARGUMENTS_BYTES_MAX)});
        for (name, arguments, expected) in [
            ("files_read", json!("{broken"), "must be a JSON object"),
            ("files_read", json!(null), "must be a JSON object"),
            ("files_read", large, "more than 98304 bytes"),
            ("ask_user_input", json!({}), "missing field `questions`"),
        ] {
            let call = call(name, arguments);
            let reason = call.refused.unwrap();
            assert!(reason.contains(expected), "{reason}");
            assert_eq!((call.arguments.get(), call.name.as_str()), ("{}", name));
        }
    }

    #[test]
    fn people_are_asked_what_the_model_asks() {
        let questions = json!({"questions": [{"question": "Why?"}]});
        let Some(Tool::People { questions }) = call("ask_user_input", questions).tool else {
            panic!("people are asked");
        };
        assert_eq!(questions[0].id, "question-1");
    }

    #[test]
    fn ids_are_unique_and_calls_few() {
        let ids = ["", "a", "a", "call-4", "", &"x".repeat(100)];
        let given = ids.iter().map(|id| wanted(id, "files_read", json!({})));
        let calls = offer().calls(given.collect());
        let ids: Vec<_> = calls.iter().map(|call| call.id.as_str()).collect();
        let expected = ["call-0", "a", "call-2", "call-4", "call-5", "call-6"];
        assert_eq!(ids, expected);

        let ids = ["call-2", "call-2-again", "", "call-3"];
        let given = ids.iter().map(|id| wanted(id, "files_read", json!({})));
        let calls = offer().calls(given.collect());
        let ids: Vec<_> = calls.iter().map(|call| call.id.as_str()).collect();
        assert_eq!(ids, ["call-2", "call-2-again", "call-3", "call-4"]);

        let many = vec![wanted("a", "files_read", json!({})); 100];
        let calls = offer().calls(many);
        let made = calls.iter().filter(|call| call.refused.is_none()).count();
        assert_eq!((calls.len(), made), (CALLS_KEPT_MAX, CALLS_MAX));
        let ids: BTreeSet<_> = calls.iter().map(|call| &call.id).collect();
        assert_eq!(ids.len(), CALLS_KEPT_MAX);
    }
}
