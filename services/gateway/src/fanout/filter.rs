//! Which events a client wants.

use std::str::FromStr;

use contract::{ChatId, Chunk, CloudEvent, EntityId, EventType};

/// Which events and signals a client wants: those that pass every part.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Of these types.
    pub(crate) event_type: Option<TypePattern>,
    /// What this entity may see: see [`sees`].
    pub(crate) entity: Option<EntityId>,
    /// In this chat.
    pub(crate) chat: Option<ChatId>,
    /// Pieces of answers as well.
    pub(crate) live: bool,
}

impl Filter {
    pub(crate) fn passes(&self, event: &CloudEvent) -> bool {
        self.event_type
            .as_ref()
            .is_none_or(|pattern| pattern.fits(&event.event_type))
            && self
                .chat
                .as_ref()
                .is_none_or(|chat| event.chat.as_ref() == Some(chat))
            && self
                .entity
                .as_ref()
                .is_none_or(|entity| sees(entity, event))
    }

    pub(crate) fn passes_chunk(&self, chunk: &Chunk) -> bool {
        self.live
            && self
                .chat
                .as_ref()
                .is_none_or(|chat| chunk.chat.as_ref() == Some(chat))
    }
}

/// Whether an entity may see an event: it sent it, is named in it, or it is for everyone.
pub(crate) fn sees(entity: &EntityId, event: &CloudEvent) -> bool {
    let target = event.target.as_ref();
    event.sender == *entity || target.is_none_or(|target| target.names(entity))
}

/// One type of events, or all whose type begins with a prefix: `myapp.*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TypePattern {
    Exact(String),
    /// With its last dot.
    Prefix(String),
}

impl TypePattern {
    fn fits(&self, event_type: &EventType) -> bool {
        match self {
            Self::Exact(exact) => event_type.as_str() == exact,
            Self::Prefix(prefix) => event_type.as_str().starts_with(prefix),
        }
    }
}

/// The pattern as text, as the archive takes it.
impl std::fmt::Display for TypePattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(exact) => f.write_str(exact),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

impl FromStr for TypePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid =
            |_| format!("{text:?} is no event type: use one, or the beginning of one and .*");
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

impl<'de> serde::Deserialize<'de> for TypePattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fanout::frame::tests::event;

    #[test]
    fn a_prefix_ends_at_a_dot() {
        let pattern: TypePattern = "myapp.*".parse().unwrap();
        for (event_type, fits) in [
            ("myapp.order", true),
            ("myapp.order.created", true),
            ("myapp", false),
            ("myapps.order", false),
        ] {
            assert_eq!(
                pattern.fits(&event_type.parse().unwrap()),
                fits,
                "{event_type}"
            );
        }
        assert_eq!(pattern.to_string(), "myapp.*");
        for bad in ["", "*", ".*", "a b", "a.*.b", "a..*"] {
            assert!(bad.parse::<TypePattern>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_entity_sees_what_it_sent_what_names_it_and_what_is_for_everyone() {
        let filter = Filter {
            entity: Some("ada".parse().unwrap()),
            ..Filter::default()
        };
        for (sender, target, seen) in [
            ("ada", Some("bob"), true),
            ("bob", Some("eve,ada"), true),
            ("bob", None, true),
            ("bob", Some("eve"), false),
            ("bob", Some("role:referee"), false),
        ] {
            let mut event = event("a.b", "1.0");
            event.sender = sender.parse().unwrap();
            event.target = target.map(|target| target.parse().unwrap());
            assert_eq!(filter.passes(&event), seen, "{sender} to {target:?}");
        }
    }
}
