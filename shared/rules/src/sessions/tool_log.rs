//! Calls of tools, as the logs of nodes report them.

use contract::flow::ToolInterrupt;
use contract::flow::atoms::LogName;
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
    }
    let log: Log = serde_json::from_str(data.get()).ok()?;
    let begins = log.name == LogName::ToolCallStart.as_str();
    let ends =
        log.name == LogName::ToolCallEnd.as_str() || log.name == LogName::ToolCallError.as_str();
    if !begins && !ends {
        return None;
    }
    let payload = log.payload.unwrap_or_default();
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
    })
}
