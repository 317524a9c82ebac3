//! Which types of events are meant: one, or all that begin with a prefix.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::EventType;

/// One type of events, or all types that begin with a prefix: `myapp.*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypePattern {
    /// This type.
    Exact(String),
    /// The types that begin with this, which ends with a dot.
    Prefix(String),
}

impl TypePattern {
    /// Whether a type is meant.
    pub fn matches(&self, event_type: &EventType) -> bool {
        match self {
            Self::Exact(exact) => event_type.as_str() == exact,
            Self::Prefix(prefix) => event_type.as_str().starts_with(prefix),
        }
    }
}

/// A text that is not a pattern of event types.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an event type: use one, or the beginning of one and .*")]
pub struct InvalidTypePattern(pub String);

/// The pattern as text, as the archive reads it.
impl fmt::Display for TypePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(exact) => f.write_str(exact),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

impl FromStr for TypePattern {
    type Err = InvalidTypePattern;

    fn from_str(text: &str) -> Result<Self, InvalidTypePattern> {
        let invalid = |_| InvalidTypePattern(text.to_owned());
        match text.strip_suffix(".*") {
            Some(prefix) => {
                let _: EventType = prefix.parse().map_err(invalid)?;
                Ok(Self::Prefix(format!("{prefix}.")))
            }
            None => {
                let _: EventType = text.parse().map_err(invalid)?;
                Ok(Self::Exact(text.to_owned()))
            }
        }
    }
}

impl Serialize for TypePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TypePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_at_a_dot() {
        let pattern: TypePattern = "myapp.*".parse().unwrap();
        for (event_type, matches) in [
            ("myapp.order", true),
            ("myapp.order.created", true),
            ("myapp", false),
            ("myapps.order", false),
        ] {
            assert_eq!(
                pattern.matches(&event_type.parse().unwrap()),
                matches,
                "{event_type}"
            );
        }
        assert_eq!(pattern.to_string(), "myapp.*");
        for bad in ["", "*", ".*", "a b", "a.*.b", "a..*"] {
            assert!(bad.parse::<TypePattern>().is_err(), "{bad}");
        }
    }
}
