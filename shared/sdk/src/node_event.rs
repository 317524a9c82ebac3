//! Events of sessions: what a node is given, and what it sends.

use std::ops::Deref;

use contract::flow::{FlowFrame, NewFlowEvent};
use serde::de::DeserializeOwned;
use serde_json::value::to_raw_value;

use crate::error::Error;
use crate::event::Event;

/// An event of a session that a node handles. It dereferences to the frame: its id, type, sender, time,
/// metadata and data.
#[derive(Debug, Clone)]
pub struct NodeEvent {
    frame: FlowFrame,
    content: Option<String>,
}

impl NodeEvent {
    pub(crate) fn new(frame: FlowFrame, content: Option<String>) -> Self {
        Self { frame, content }
    }

    /// Whether it is of the type `E`.
    pub fn is<E: Event>(&self) -> bool {
        self.frame.event_type == E::TYPE
    }

    /// Decodes its data; `None` when it is of another type. Fields that are absent have the defaults of the
    /// struct.
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
        serde_json::from_str(self.frame.data.get()).map_err(|error| {
            let reason = format!("the data of {}: {error}", self.frame.event_type);
            Error::failed("bad_event", reason)
        })
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
