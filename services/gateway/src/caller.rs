//! Who asks, and under which idempotency key.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use contract::{CommandId, WorldId};

use crate::auth::Principal;
use crate::problem::Problem;

/// The header that makes a repeated request one command.
const HEADER: &str = "idempotency-key";
/// The longest key.
pub(crate) const KEY_LENGTH_MAX: usize = 255;

/// Who asks, and the key that makes a repeat of this request harmless.
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    key: Option<Key>,
}

/// The client's key, and the request that it stands for: of another one it says nothing.
struct Key {
    method: Method,
    path: String,
    text: String,
}

impl Caller {
    /// The id of the command that this request sends: the same for the same key.
    pub(crate) fn command_id(&self, world: &WorldId) -> CommandId {
        self.chosen_id(world).unwrap_or_default()
    }

    /// The id of the command, if the client chose one.
    pub(crate) fn chosen_id(&self, world: &WorldId) -> Option<CommandId> {
        let Key { method, path, text } = self.key.as_ref()?;
        let asked = [method.as_str(), path, text];
        let parts = [&self.principal.name(), world.as_str()];
        Some(CommandId::from_key(&[&parts[..], &asked].concat()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let principal = parts.extensions.get::<Principal>().cloned();
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
        })
    }
}

fn check_key(key: &str) -> Result<(), Problem> {
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if visible && (1..=KEY_LENGTH_MAX).contains(&key.len()) {
        return Ok(());
    }
    let detail = "an Idempotency-Key is 1 to 255 visible ASCII characters";
    Err(Problem::new(StatusCode::BAD_REQUEST, "invalid", detail).at(HEADER))
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
