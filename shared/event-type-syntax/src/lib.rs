//! Which texts are types of events, and which of them only the world itself may use.
//!
//! It owns the syntax of a type. The type itself is `contract::EventType`. It depends on nothing, since the derive
//! macro of the SDK checks types at compile time: what that needs is compiled for the compiler as well.

use std::error::Error;
use std::fmt;

/// The first tokens that only the world itself may use in the type of an event.
pub const RESERVED_TOKENS: [&str; 18] = [
    "world",
    "entity",
    "chat",
    "message",
    "action",
    "agent",
    "behaviour",
    "interaction",
    "engagement",
    "stream",
    "flow",
    "session",
    "timer",
    "role",
    "badge",
    "approval",
    "budget",
    "processor",
];

/// The longest event type, in bytes: it is a part of a NATS subject.
pub const EVENT_TYPE_LENGTH_MAX: usize = 128;

/// A text that can't be the type of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidEventType(pub String);

impl fmt::Display for InvalidEventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        let syntax =
            format_args!("A-Z a-z 0-9 _ - in 1 to {EVENT_TYPE_LENGTH_MAX} bytes, joined by dots");
        write!(f, "{text:?} is not an event type: use {syntax}")
    }
}

impl Error for InvalidEventType {}

/// Checks that a text is the type of an event: 1 to 128 bytes of ids joined by dots, `myapp.order.created`.
///
/// # Errors
/// [`InvalidEventType`] when it is not.
pub fn check(text: &str) -> Result<(), InvalidEventType> {
    let is_of_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let is_token = |token: &str| !token.is_empty() && token.bytes().all(is_of_id);
    if text.len() <= EVENT_TYPE_LENGTH_MAX && text.split('.').all(is_token) {
        Ok(())
    } else {
        Err(InvalidEventType(text.to_owned()))
    }
}

/// Whether only the world itself may use this type.
pub fn is_reserved(event_type: &str) -> bool {
    let first = event_type.split('.').next().unwrap_or_default();
    RESERVED_TOKENS.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_tokens_are_the_worlds_own() {
        for reserved in ["world.created", "message", "budget.spent", "approval.x.y"] {
            assert!(is_reserved(reserved), "{reserved}");
        }
        for free in [
            "worlds.created",
            "myapp.message",
            "agent_speaks_with_user_event",
        ] {
            assert!(!is_reserved(free), "{free}");
        }
    }

    #[test]
    fn an_event_type_is_made_of_ids_and_dots() {
        let longest = "x".repeat(EVENT_TYPE_LENGTH_MAX);
        for good in ["a", "myapp.order.created", "A-1.b_2", &longest] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        let too_long = format!("{longest}x");
        for bad in [
            "", ".", "a.", ".a", "a..b", "a b", "a.*", ">", "ä", &too_long,
        ] {
            let error = check(bad).unwrap_err().to_string();
            assert!(error.contains("1 to 128 bytes"), "{error}");
        }
    }
}
