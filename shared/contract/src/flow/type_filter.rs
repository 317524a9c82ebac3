//! Which types of a session's events are meant.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A type of events of a session, or a prefix of types that ends with `*`: `myapp.*`, or `*` for all of them.
///
/// Types of these events are any text, so that this is no [`TypePattern`](crate::TypePattern).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "myapp.*")]
pub struct TypeFilter(pub String);

impl TypeFilter {
    /// All types.
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    /// Whether a type is meant.
    pub fn matches(&self, event_type: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => event_type.starts_with(prefix),
            None => event_type == self.0,
        }
    }

    pub(super) fn is_all(&self) -> bool {
        self.0 == "*"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_type_or_a_prefix() {
        for (filter, event_type, expected) in [
            ("escalation_event", "escalation_event", true),
            ("escalation_event", "escalation_events", false),
            ("myapp.*", "myapp.order.created", true),
            ("myapp.*", "myapp", false),
            ("*", "ä b", true),
            ("", "x", false),
        ] {
            let filter = TypeFilter(filter.to_owned());
            assert_eq!(
                filter.matches(event_type),
                expected,
                "{filter:?} {event_type}"
            );
        }
    }
}
