//! Events of sessions: what a node is given, and what it sends.

use std::collections::BTreeMap;
use std::ops::Deref;

use contract::flow::{FlowFrame, NewFlowEvent, NodeContext};
use serde::de::DeserializeOwned;
use serde_json::value::to_raw_value;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::event::Event;

/// An event of a session that a node handles. It dereferences to the frame: its id, type, sender, time,
/// metadata and data.
#[derive(Debug, Clone)]
pub struct NodeEvent {
    frame: FlowFrame,
    content: Option<String>,
    /// The values of fields that its data do not have, by the schema of its type.
    defaults: BTreeMap<String, Value>,
}

impl NodeEvent {
    pub(crate) fn of(node: &NodeContext) -> Self {
        Self {
            frame: node.frame.clone(),
            content: node.content.clone(),
            defaults: node.defaults.clone(),
        }
    }

    /// Whether it is of the type `E`.
    pub fn is<E: Event>(&self) -> bool {
        self.frame.event_type == E::TYPE
    }

    /// Decodes its data; `None` when it is of another type. Fields that are absent have the defaults of the
    /// schema that the world has for the type, else those of the struct.
    ///
    /// # Errors
    /// [`Error::Failed`] when the data do not match the struct.
    pub fn decode<E: Event>(&self) -> Result<Option<E>, Error> {
        self.is::<E>().then(|| self.decode_data()).transpose()
    }

    /// Decodes its data, whatever its type is.
    ///
    /// # Errors
    /// [`Error::Failed`] when they have another form.
    pub fn decode_data<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.decode_with_defaults().map_err(|error| {
            let reason = format!("the data of {}: {error}", self.frame.event_type);
            Error::failed("bad_event", reason)
        })
    }

    fn decode_with_defaults<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        let data = self.frame.data.get();
        if self.defaults.is_empty() {
            return serde_json::from_str(data);
        }
        let mut fields: Map<String, Value> = serde_json::from_str(data)?;
        for (name, value) in &self.defaults {
            fields.entry(name).or_insert_with(|| value.clone());
        }
        serde_json::from_value(Value::Object(fields))
    }

    /// The content of a request: that of its frame, else the last turn of the user. Absent for other types.
    pub fn content(&self) -> Option<&str> {
        self.content.as_deref()
    }
}

impl Deref for NodeEvent {
    type Target = FlowFrame;

    fn deref(&self) -> &FlowFrame {
        &self.frame
    }
}

/// What can be sent in a session: a struct that is an [`Event`], a received event, or a [`NewFlowEvent`] of any
/// type.
pub trait IntoFlowEvent {
    /// The event to send. One that was received keeps its id: to send the event that is handled is to pass it
    /// on.
    ///
    /// # Errors
    /// [`Error::Failed`] when it can't be encoded as JSON.
    fn into_flow_event(self) -> Result<NewFlowEvent, Error>;
}

impl<E: Event> IntoFlowEvent for &E {
    fn into_flow_event(self) -> Result<NewFlowEvent, Error> {
        let data = to_raw_value(self)
            .map_err(|error| Error::failed("bad_event", format!("encode {}: {error}", E::TYPE)))?;
        Ok(NewFlowEvent::new(E::TYPE, data))
    }
}

impl IntoFlowEvent for NewFlowEvent {
    fn into_flow_event(self) -> Result<NewFlowEvent, Error> {
        Ok(self)
    }
}

impl IntoFlowEvent for &FlowFrame {
    fn into_flow_event(self) -> Result<NewFlowEvent, Error> {
        Ok(NewFlowEvent {
            id: Some(self.id.to_string()),
            event_type: self.event_type.clone(),
            timestamp: Some(self.timestamp),
            metadata: self.metadata.clone(),
            data: self.data.clone(),
        })
    }
}

impl IntoFlowEvent for &NodeEvent {
    fn into_flow_event(self) -> Result<NewFlowEvent, Error> {
        self.frame.into_flow_event()
    }
}

impl IntoFlowEvent for NodeEvent {
    fn into_flow_event(self) -> Result<NewFlowEvent, Error> {
        self.frame.into_flow_event()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Escalation {
        reason: String,
        severity: String,
    }

    #[test]
    fn absent_fields_have_the_defaults_of_their_schema() {
        let id = "018f0000-0000-7000-8000-000000000001";
        let node = |data: Value| {
            let node = json!({
                "step": {"session": id, "node": "sup", "event": id, "turn": id},
                "flow": "desk", "client": "ann",
                "frame": {"id": id, "type": "escalation_event", "data": data,
                    "timestamp": "2026-01-31T12:00:00.000Z"},
                "defaults": {"severity": "medium"},
            });
            NodeEvent::of(&serde_json::from_value(node).unwrap())
        };
        let severity = |data| node(data).decode_data::<Escalation>().unwrap().severity;
        assert_eq!(severity(json!({"reason": "r"})), "medium");
        assert_eq!(severity(json!({"reason": "r", "severity": "high"})), "high");
        assert!(node(json!([1])).decode_data::<Escalation>().is_err());
    }
}
