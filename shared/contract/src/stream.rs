//! Streams: named, typed sequences of samples that entities own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::id::{EntityId, InteractionId, StreamName};
use crate::timestamp::Timestamp;

/// The longest sample, in bytes of its JSON: it is in an event of the log.
pub const SAMPLE_BYTES_MAX: usize = 64 * 1024;
/// The most samples of one command: it becomes one event, which fits in one commit.
pub const COMMAND_SAMPLES_MAX: usize = 10_000;

/// What the samples of a stream are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamType {
    /// Finite numbers.
    Number,
    /// Strings.
    Text,
    /// Any JSON.
    Json,
    /// Arrays of finite numbers, nested as the shape says.
    Tensor {
        /// The length of each dimension, the outermost first.
        #[schema(example = json!([3]))]
        shape: Vec<u32>,
    },
}

/// A stream of a world: its owner and its name. As text `owner:name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamRef {
    /// Who owns it; `world` for those of the world itself.
    pub owner: EntityId,
    /// Its name among those of its owner.
    pub name: StreamName,
}

impl StreamRef {
    /// The stream of this name and owner.
    pub fn new(owner: EntityId, name: StreamName) -> Self {
        Self { owner, name }
    }
}

/// A text that is not `owner:name`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a stream: use owner:name")]
pub struct InvalidStreamRef(pub String);

impl FromStr for StreamRef {
    type Err = InvalidStreamRef;

    fn from_str(text: &str) -> Result<Self, InvalidStreamRef> {
        let parts = text.split_once(':');
        parts
            .and_then(|(owner, name)| Some(Self::new(owner.parse().ok()?, name.parse().ok()?)))
            .ok_or_else(|| InvalidStreamRef(text.to_owned()))
    }
}

impl fmt::Display for StreamRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.owner, self.name)
    }
}

impl Serialize for StreamRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StreamRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for StreamRef {
    fn schema() -> RefOr<Schema> {
        crate::id::text_schema(
            "A stream: its owner and its name.",
            "^[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{1,64}$",
            "sensor:readings",
        )
    }
}

impl ToSchema for StreamRef {}

/// A stream that is to be declared, or declared anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutStream {
    /// Which.
    pub stream: StreamRef,
    /// What its samples are. It can't change once there are some.
    #[serde(rename = "type")]
    pub stream_type: StreamType,
    /// Whether it is for everyone in the world.
    #[serde(default = "is_public")]
    pub public: bool,
    /// The samples that it has, when it is a recording: nothing is appended to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<StreamRange>,
}

/// Samples of a stream, by their positions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StreamRange {
    /// Which stream: no recording.
    pub stream: StreamRef,
    /// The position of the first sample.
    pub first: u64,
    /// How many.
    pub length: u64,
}

/// A stream of a world's description.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StreamSpec {
    /// What its samples are.
    #[serde(rename = "type")]
    pub stream_type: StreamType,
    /// Whether it is for everyone in the world; it is when absent.
    #[serde(default = "is_public")]
    #[schema(required = false)]
    pub public: bool,
    /// The samples that it gets when it has none: for examples and tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator: Option<Generator>,
}

/// Samples that follow from a few numbers: at most 10,000.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Generator {
    /// The same value again and again.
    Constant {
        /// The value.
        value: serde_json::Value,
        /// How often.
        count: u32,
    },
    /// `amplitude * sin(2 pi (position / period + phase))`, in each place of a tensor.
    Sine {
        /// After how many samples it begins again.
        period: f64,
        /// The largest sample; 1 when absent.
        #[serde(default = "one")]
        #[schema(required = false)]
        amplitude: f64,
        /// The part of a period that has passed at the first sample; 0 when absent.
        #[serde(default)]
        phase: f64,
        /// How many samples.
        count: u32,
    },
    /// `amplitude` in the first half of each period, `-amplitude` in the second.
    Square {
        /// After how many samples it begins again.
        period: f64,
        /// The largest sample; 1 when absent.
        #[serde(default = "one")]
        #[schema(required = false)]
        amplitude: f64,
        /// How many samples.
        count: u32,
    },
    /// These values, in order.
    List(Vec<serde_json::Value>),
    /// The lines of a file beside a world file. The command line reads it and sends a list: a world reads no
    /// files, and refuses this.
    File {
        /// Where it is, from the folder of the world file, and inside of it.
        path: String,
        /// How many samples, from the first line on; all of them when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<u32>,
    },
}

const fn one() -> f64 {
    1.0
}

/// What `public` is when it is absent.
pub(crate) const fn is_public() -> bool {
    true
}

/// Samples that are to be appended to a stream: all of them, or none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AppendSamples {
    /// Which.
    pub stream: StreamRef,
    /// The samples, in order: JSON, passed on byte for byte.
    pub samples: Vec<Box<RawValue>>,
    /// A tag for each sample, greater than the one before it. When absent, a sample's tag is its
    /// position, or the next one after the last tag when that is greater.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<u64>>,
    /// The interaction that they belong to: its tags are a sequence of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction: Option<InteractionId>,
}

/// See [`Fact::StreamDeclared`](crate::Fact::StreamDeclared).
pub type StreamDeclared = PutStream;

/// See [`Fact::StreamRemoved`](crate::Fact::StreamRemoved).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamRemoved {
    /// Which.
    pub stream: StreamRef,
}

/// See [`Fact::StreamAppended`](crate::Fact::StreamAppended). The samples have the positions from
/// `first` on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StreamAppended {
    /// Which.
    pub stream: StreamRef,
    /// The position of the first sample: how many the stream had before.
    pub first: u64,
    /// The tag of each sample.
    pub tags: Vec<u64>,
    /// The samples: JSON, byte for byte as they were sent.
    pub values: Vec<Box<RawValue>>,
    /// The interaction that they belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction: Option<InteractionId>,
}

impl StreamAppended {
    /// The position behind the last sample.
    pub fn end(&self) -> u64 {
        self.first + self.values.len() as u64
    }

    /// The samples, as readers get them; `at` is the time of the event's commit.
    pub fn into_samples(self, at: Timestamp) -> impl Iterator<Item = Sample> {
        let Self {
            first,
            tags,
            values,
            interaction,
            ..
        } = self;
        let tagged = tags.into_iter().zip(values);
        (first..)
            .zip(tagged)
            .map(move |(position, (tag, value))| Sample {
                position,
                tag,
                value,
                at,
                interaction,
            })
    }
}

/// One sample of a stream, as readers get it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Sample {
    /// Its place in the stream, from 0.
    pub position: u64,
    /// What orders it among the samples of its interaction, or among those of none.
    pub tag: u64,
    /// Its value: JSON, byte for byte as it was sent.
    #[schema(value_type = serde_json::Value)]
    pub value: Box<RawValue>,
    /// When it was appended.
    pub at: Timestamp,
    /// The interaction that it belongs to; null when it belongs to none.
    #[schema(required = false)]
    pub interaction: Option<InteractionId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_its_owner_and_its_name() {
        let stream: StreamRef = "w:processor".parse().unwrap();
        assert_eq!(stream.owner.as_str(), "w");
        assert_eq!(stream.name.as_str(), "processor");
        assert_eq!(stream.to_string(), "w:processor");
        for bad in ["", "w", ":", "w:", ":p", "w:a:b", "w p:x"] {
            assert_eq!(bad.parse::<StreamRef>(), Err(InvalidStreamRef(bad.into())));
        }
    }

    #[test]
    fn the_types_are_written_as_words_or_with_their_shape() {
        for (text, expected) in [
            (r#""number""#, StreamType::Number),
            (r#""text""#, StreamType::Text),
            (r#""json""#, StreamType::Json),
            (
                r#"{"tensor":{"shape":[3,2]}}"#,
                StreamType::Tensor { shape: vec![3, 2] },
            ),
        ] {
            let parsed: StreamType = serde_json::from_str(text).unwrap();
            assert_eq!(parsed, expected);
            assert_eq!(serde_json::to_string(&parsed).unwrap(), text);
        }
    }
}
