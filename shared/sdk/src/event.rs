//! Events: a Rust struct as a type of events.

use contract::event_type::InvalidEventType;
use contract::{EventId, NewEvent};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

/// A type of events, as a Rust struct: its fields are the `data` of an event.
///
/// Derive it. The type is the name of the struct in snake case unless `type` is given, the version
/// is 1 unless `version` is given, and the description is the doc comment unless `description` is
/// given. Sender, time and target of an event are not fields of the struct.
///
/// `use manyworlds_sdk::schemars` is for the derive of [`JsonSchema`], which expects that name in scope.
///
/// ```
/// use manyworlds_sdk::{Event, JsonSchema, schemars};
/// use serde::{Deserialize, Serialize};
///
/// /// A customer has placed an order.
/// #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
/// #[event(type = "shop.order.placed", version = 2)]
/// struct OrderPlaced {
///     customer: String,
///     /// In cents.
///     total: u64,
///     #[serde(default)]
///     note: Option<String>,
/// }
///
/// let placed = OrderPlaced { customer: "alice".into(), total: 1999, note: None };
/// let event = placed.encode()?;
/// assert_eq!(event.event_type.as_str(), "shop.order.placed");
/// assert_eq!(event.description.as_deref(), Some("A customer has placed an order."));
/// assert_eq!(event.data.get(), r#"{"customer":"alice","total":1999,"note":null}"#);
/// assert_eq!(OrderPlaced::VERSION, 2);
/// # Ok::<(), manyworlds_sdk::EventError>(())
/// ```
///
/// A struct that can't be an event does not compile:
///
/// ```compile_fail
/// # use manyworlds_sdk::{Event, JsonSchema, schemars};
/// # use serde::{Deserialize, Serialize};
/// #[derive(Serialize, Deserialize, JsonSchema, Event)]
/// #[event(type = "message.posted")] // Reserved: only the world sends it.
/// struct Posted;
/// ```
pub trait Event: Serialize + DeserializeOwned + JsonSchema {
    /// The name of the type: one that [`contract::EventType`] accepts.
    const TYPE: &'static str;
    /// The version of the type, from 1.
    const VERSION: u32;
    /// What the event means, for models and people; may be empty.
    const DESCRIPTION: &'static str;

    /// The JSON Schema (draft 2020-12) of the data.
    fn schema() -> Box<RawValue> {
        let generator = SchemaSettings::draft2020_12().into_generator();
        let schema = generator.into_root_schema_for::<Self>();
        // A schema is a JSON value already, so that it can always be encoded.
        to_raw_value(&schema).unwrap_or_else(|_| RawValue::TRUE.to_owned())
    }

    /// Encodes it as an event for everyone in the world, in no chat.
    ///
    /// # Errors
    /// [`EventError::Encode`] when it can't be encoded as JSON, such as a map whose keys are not
    /// strings.
    fn encode(&self) -> Result<NewEvent, EventError> {
        let event_type = Self::TYPE
            .parse()
            .map_err(|source| EventError::InvalidType { source })?;
        let data = to_raw_value(self).map_err(|source| EventError::Encode {
            event_type: Self::TYPE,
            source,
        })?;
        let mut event = NewEvent::new(event_type, data);
        event.schema = Some(format!("event-types/{}/{}", Self::TYPE, Self::VERSION));
        event.description = (!Self::DESCRIPTION.is_empty()).then(|| Self::DESCRIPTION.to_owned());
        Ok(event)
    }

    /// Decodes an event of this type; `None` when it is of another type.
    ///
    /// # Errors
    /// [`EventError::Decode`] when the data do not match the struct.
    fn decode(event: &contract::Event) -> Result<Option<Self>, EventError> {
        if event.event_type.as_str() != Self::TYPE {
            return Ok(None);
        }
        let data = serde_json::from_str(event.data.get()).map_err(|source| EventError::Decode {
            event_type: Self::TYPE,
            event_id: event.id,
            source,
        })?;
        Ok(Some(data))
    }
}

/// Why an event could not be encoded or decoded.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The name of the type is invalid. The derive accepts valid names only.
    #[error("parse the type of an event")]
    InvalidType {
        /// What is invalid about it.
        source: InvalidEventType,
    },
    /// The struct can't be encoded as JSON.
    #[error("encode the data of a {event_type} event")]
    Encode {
        /// The type of the event.
        event_type: &'static str,
        /// The error of the encoder.
        source: serde_json::Error,
    },
    /// The data do not match the struct.
    #[error("decode the data of the {event_type} event {event_id}")]
    Decode {
        /// The type of the event.
        event_type: &'static str,
        /// The id of the event.
        event_id: EventId,
        /// The error of the decoder.
        source: serde_json::Error,
    },
}
