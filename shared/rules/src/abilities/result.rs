//! What a caller gets of the run of an ability.

use contract::EventType;
use contract::run::RunResult;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// An event, as a model gets it.
#[derive(Serialize)]
struct SentEvent<'a> {
    #[serde(rename = "type")]
    event_type: &'a EventType,
    data: &'a RawValue,
}

/// The output of the run, else the events that it sent; `None` when there are none.
pub(crate) fn output_of(result: &RunResult) -> Option<Box<RawValue>> {
    if result.output.is_some() || result.events.is_empty() {
        return result.output.clone();
    }
    let events = result.events.iter().map(|event| SentEvent {
        event_type: &event.event_type,
        data: &event.data,
    });
    to_raw_value(&events.collect::<Vec<_>>()).ok()
}

/// The same as a text.
pub(crate) fn result_text(output: Option<&RawValue>) -> String {
    output.map_or_else(|| "done".to_owned(), |output| output.get().to_owned())
}
