//! A struct as a type of event.

use contract::event_type::InvalidEventType;
use contract::{EventId, NewEvent};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

/// A type of event, as a Rust struct: its fields are the event's `data`.
///
/// It is derived. Without `type` the type is the struct's name, `order_placed` below; without
/// `version` it is 1; and what the doc comment says is its description, unless there is a
/// `description = ".."`. Who sent an event, when, and to whom is never a field of the struct.
///
/// `use sdk::schemars` is for the derive of [`JsonSchema`], which looks for that name where the
/// struct stands.
///
/// ```
/// use sdk::{Event, JsonSchema, schemars};
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
/// let draft = placed.draft()?;
/// assert_eq!(draft.event_type.as_str(), "shop.order.placed");
/// assert_eq!(draft.description.as_deref(), Some("A customer has placed an order."));
/// assert_eq!(draft.data.get(), r#"{"customer":"alice","total":1999,"note":null}"#);
/// assert_eq!(OrderPlaced::VERSION, 2);
/// # Ok::<(), sdk::event::Error>(())
/// ```
///
/// What can't be an event does not compile:
///
/// ```compile_fail
/// # use sdk::{Event, JsonSchema, schemars};
/// # use serde::{Deserialize, Serialize};
/// #[derive(Serialize, Deserialize, JsonSchema, Event)]
/// #[event(type = "message.posted")] // Only the world itself sends it.
/// struct Posted;
/// ```
pub trait Event: Serialize + DeserializeOwned + JsonSchema {
    /// Its name, one that [`contract::EventType`] accepts.
    const TYPE: &'static str;
    /// Which of its versions this is, from 1.
    const VERSION: u32;
    /// What it means, for a reader who does not know its type; may be empty.
    const DESCRIPTION: &'static str;

    /// What its data may be: a JSON Schema of draft 2020-12.
    fn schema() -> Box<RawValue> {
        let generator = SchemaSettings::draft2020_12().into_generator();
        let schema = generator.into_root_schema_for::<Self>();
        // A schema is JSON already: there is nothing in it that could not be written.
        to_raw_value(&schema).unwrap_or_else(|_| RawValue::TRUE.to_owned())
    }

    /// It as it is sent: for everyone in the world, in no chat, until the caller says otherwise.
    ///
    /// # Errors
    /// [`Error::Write`] when it can't be written as JSON, as of a map whose keys are no strings.
    fn draft(&self) -> Result<NewEvent, Error> {
        let event_type = Self::TYPE
            .parse()
            .map_err(|source| Error::Name { source })?;
        let data = to_raw_value(self).map_err(|source| Error::Write {
            event_type: Self::TYPE,
            source,
        })?;
        let mut draft = NewEvent::new(event_type, data);
        draft.schema = Some(format!("event-types/{}/{}", Self::TYPE, Self::VERSION));
        draft.description = (!Self::DESCRIPTION.is_empty()).then(|| Self::DESCRIPTION.to_owned());
        Ok(draft)
    }

    /// Reads an event of this type; `None` when it is of another.
    ///
    /// # Errors
    /// [`Error::Read`] when its data are not what the type promises.
    fn read(event: &contract::Event) -> Result<Option<Self>, Error> {
        if event.event_type.as_str() != Self::TYPE {
            return Ok(None);
        }
        let data = serde_json::from_str(event.data.get()).map_err(|source| Error::Read {
            event_type: Self::TYPE,
            event_id: event.id,
            source,
        })?;
        Ok(Some(data))
    }
}

/// Why an event could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The type is not one that an event can have. What was derived never has such a one.
    #[error("name the type of an event")]
    Name {
        /// What is wrong with it.
        source: InvalidEventType,
    },
    /// The struct can't be written as JSON.
    #[error("write the data of a {event_type}")]
    Write {
        /// The type of the event.
        event_type: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The data are not what the type promises.
    #[error("read the data of event {event_id}, a {event_type}")]
    Read {
        /// The type of the event.
        event_type: &'static str,
        /// Which event.
        event_id: EventId,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}
