//! How much the log of one world may hold.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// How much the log of a world may hold. What is absent is not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, try_from = "Map<String, Value>")]
pub struct Quota {
    /// So many events since the world was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub events: Option<u64>,
    /// So many bytes: the payload of each event, and 512 bytes for its envelope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub bytes: Option<u64>,
}

/// The fields of a [`Quota`]: as a map, since a structure is read from a list as well.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Limits {
    events: Option<u64>,
    bytes: Option<u64>,
}

impl TryFrom<Map<String, Value>> for Quota {
    type Error = serde_json::Error;

    fn try_from(fields: Map<String, Value>) -> Result<Self, serde_json::Error> {
        let Limits { events, bytes } = serde_json::from_value(Value::Object(fields))?;
        Ok(Self { events, bytes })
    }
}

impl Quota {
    /// Whether nothing is limited.
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }

    /// What both allow.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        let min = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Self {
            events: min(self.events, other.events),
            bytes: min(self.bytes, other.bytes),
        }
    }
}

/// How much the log of a world holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct LogSize {
    /// Events since the world was created.
    pub events: u64,
    /// About how many bytes they take: the payload of each, and 512 bytes for its envelope.
    pub bytes: u64,
}

impl LogSize {
    /// The limit of `quota` that is used up, if one is: its field, and its value.
    pub fn exceeded(&self, quota: Quota) -> Option<(&'static str, u64)> {
        let events = quota.events.filter(|max| self.events >= *max);
        let bytes = quota.bytes.filter(|max| self.bytes >= *max);
        events
            .map(|max| ("events", max))
            .or(bytes.map(|max| ("bytes", max)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(events: Option<u64>, bytes: Option<u64>) -> Quota {
        Quota { events, bytes }
    }

    #[test]
    fn a_quota_is_a_map_of_integers() {
        for (json, expected) in [
            ("{}", Some(quota(None, None))),
            (r#"{"events": 5}"#, Some(quota(Some(5), None))),
            (
                r#"{"events": null, "bytes": 7}"#,
                Some(quota(None, Some(7))),
            ),
            ("[null, null]", None),
            (r#"{"rows": 1}"#, None),
            (r#"{"events": -1}"#, None),
            (r#"{"events": 1.5}"#, None),
        ] {
            let read: Option<Quota> = serde_json::from_str(json).ok();
            assert_eq!(read, expected, "{json}");
        }
    }

    #[test]
    fn the_lower_of_two_limits_counts() {
        for (one, other, both) in [
            (quota(None, None), quota(None, None), quota(None, None)),
            (
                quota(Some(5), None),
                quota(None, Some(9)),
                quota(Some(5), Some(9)),
            ),
            (
                quota(Some(5), Some(8)),
                quota(Some(6), Some(7)),
                quota(Some(5), Some(7)),
            ),
        ] {
            assert_eq!(one.min(other), both, "{one:?} {other:?}");
            assert_eq!(other.min(one), both, "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_quota_is_used_up_when_its_last_event_or_byte_is_there() {
        let size = LogSize {
            events: 10,
            bytes: 6000,
        };
        for (limits, expected) in [
            (quota(None, None), None),
            (quota(Some(11), Some(6001)), None),
            (quota(Some(10), None), Some(("events", 10))),
            (quota(Some(11), Some(6000)), Some(("bytes", 6000))),
            (quota(Some(1), Some(1)), Some(("events", 1))),
        ] {
            assert_eq!(size.exceeded(limits), expected, "{limits:?}");
        }
    }
}
