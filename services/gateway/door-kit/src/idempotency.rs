//! Idempotency keys: a request that is repeated with its key is one command, and one with another body is refused.

mod check;
mod key;

pub use check::check_idempotency_key;
pub use key::{IDEMPOTENCY_KEY_LENGTH_MAX, Idempotency};
