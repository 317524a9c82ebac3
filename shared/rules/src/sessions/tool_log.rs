//! Calls of tools, as the logs of nodes report them.

use contract::flow::ToolInterrupt;
use contract::flow::atoms::LogName;
use contract::tool::ToolResult;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What a log of a node reports about a call of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToolLog {
    /// The call, by its id.
    pub(crate) id: String,
    /// The tool.
    pub(crate) name: String,
    /// Whether the call begins; else it has ended.
    pub(crate) begins: bool,
    /// What an interrupt does to it.
    pub(crate) on_interrupt: ToolInterrupt,
    /// What the tool was given: JSON.
    pub(crate) arguments: Option<String>,
    /// What came of it, once it has ended.
    pub(crate) result: Option<ToolResult>,
    /// Whether the result is not all there.
    pub(crate) is_cut: bool,
}

/// Reads the payload of an `agent.log`; `None` when it is about something else.
pub(crate) fn read_tool_log(data: &RawValue) -> Option<ToolLog> {
    #[derive(Deserialize)]
    struct Log {
        name: String,
        #[serde(default)]
        payload: Option<Payload>,
    }
    #[derive(Deserialize, Default)]
    struct Payload {
        #[serde(default)]
        id: String,
        #[serde(default)]
        name: String,
        #[serde(default)]
        on_interrupt: ToolInterrupt,
        #[serde(default)]
        arguments: Option<Box<RawValue>>,
        #[serde(default)]
        response: Option<Box<RawValue>>,
        #[serde(default)]
        error: Option<Box<RawValue>>,
        #[serde(default)]
        cut: bool,
    }
    let log: Log = serde_json::from_str(data.get()).ok()?;
    let begins = log.name == LogName::ToolCallStart.as_str();
    let ends =
        log.name == LogName::ToolCallEnd.as_str() || log.name == LogName::ToolCallError.as_str();
    if !begins && !ends {
        return None;
    }
    let payload = log.payload.unwrap_or_default();
    let has_failed = log.name == LogName::ToolCallError.as_str();
    let result = if has_failed {
        ToolResult::failed(plain_text(payload.error.as_deref()))
    } else {
        ToolResult::succeeded(plain_text(payload.response.as_deref()))
    };
    Some(ToolLog {
        // A call without an id has the name of its tool.
        id: if payload.id.is_empty() {
            payload.name.clone()
        } else {
            payload.id
        },
        name: payload.name,
        begins,
        on_interrupt: payload.on_interrupt,
        arguments: payload
            .arguments
            .map(|arguments| arguments.get().to_owned()),
        result: ends.then_some(result),
        is_cut: payload.cut,
    })
}

/// A JSON value as a model gets it: a text is given as it is.
fn plain_text(value: Option<&RawValue>) -> String {
    let Some(value) = value else {
        return String::new();
    };
    serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned())
}
