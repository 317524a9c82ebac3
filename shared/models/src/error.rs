//! Why a request failed, and whether another may succeed.

mod excerpt;
mod provider;
mod request_error;
mod retry;
mod transport;

pub(crate) use excerpt::excerpt;
pub(crate) use provider::{find_error, status_error};
pub use request_error::{Error, ErrorKind};
pub use retry::Retry;
pub(crate) use transport::{broken, unreachable};
