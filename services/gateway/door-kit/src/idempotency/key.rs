//! Idempotency keys: a request that is repeated with its key is one command.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use contract::{CommandId, WorldId};

use crate::broker::Clock;
use crate::principal::Principal;
use crate::problem::Problem;

pub(super) const HEADER: &str = "idempotency-key";
/// The longest key.
pub const IDEMPOTENCY_KEY_LENGTH_MAX: usize = 255;

/// Makes the ids of the commands of a request: the same ids when the request is repeated with its
/// key.
pub struct Idempotency {
    principal: Principal,
    key: Option<Key>,
    clock: Clock,
}

/// The client's key, and the request that it belongs to: for another request it means nothing.
struct Key {
    method: Method,
    path: String,
    text: String,
}

impl Idempotency {
    /// Who sends the request.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The id of the request's command: derived from the key, or a new one without a key.
    pub fn command_id(&self, world: &WorldId) -> CommandId {
        self.keyed_id(world)
            .unwrap_or_else(|| self.clock.new_command_id())
    }

    /// The id of the request's command, if the request has a key.
    pub fn keyed_id(&self, world: &WorldId) -> Option<CommandId> {
        let Key { method, path, text } = self.key.as_ref()?;
        let scope = self.principal.idempotency_scope();
        let parts = [&scope, world.as_str(), method.as_str(), path, text];
        Some(CommandId::from_key(&parts))
    }

    /// The id of a command that the request sends beside its own; `purpose` keeps several apart.
    pub fn secondary_id(&self, world: &WorldId, purpose: &str) -> CommandId {
        match self.keyed_id(world) {
            Some(CommandId(id)) => CommandId::from_key(&[purpose, &id.to_string()]),
            None => self.clock.new_command_id(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Idempotency {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of_request(parts)
    }
}

impl Idempotency {
    fn of_request(parts: &Parts) -> Result<Self, Problem> {
        let principal = parts.extensions.get::<Principal>().cloned();
        let clock = parts.extensions.get::<Clock>().cloned();
        let key = parts.headers.get(HEADER).map(|value| {
            let text = value.to_str().unwrap_or_default();
            check_key(text).map(|()| Key {
                method: parts.method.clone(),
                path: parts.uri.path().to_owned(),
                text: text.to_owned(),
            })
        });
        Ok(Self {
            principal: principal.ok_or_else(Problem::internal)?,
            key: key.transpose()?,
            clock: clock.ok_or_else(Problem::internal)?,
        })
    }
}

fn check_key(key: &str) -> Result<(), Problem> {
    let is_visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if is_visible && (1..=IDEMPOTENCY_KEY_LENGTH_MAX).contains(&key.len()) {
        return Ok(());
    }
    let detail = "an Idempotency-Key is 1 to 255 visible ASCII characters";
    Err(Problem::new(StatusCode::BAD_REQUEST, "invalid", detail).with_field(HEADER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_visible_and_not_too_long() {
        assert!(check_key("a").is_ok());
        assert!(check_key(&"x".repeat(255)).is_ok());
        for bad in ["", "a b", "ä", &"x".repeat(256)] {
            assert!(check_key(bad).is_err(), "{bad}");
        }
    }
}
