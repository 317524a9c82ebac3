//! Idempotency keys: a request that is repeated with its key is one command, and one with another body is refused.

mod key;
mod used_keys;

pub use key::{IDEMPOTENCY_KEY_LENGTH_MAX, Idempotency};
pub(crate) use used_keys::UsedKeys;
pub use used_keys::check_idempotency_key;
