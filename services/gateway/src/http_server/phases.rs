//! How a server shuts down.

use service_kit::CancellationToken;

/// The tokens by which a server shuts down, in this order.
#[derive(Clone)]
pub(crate) struct Phases {
    /// It serves as before, and asks its clients to open other connections.
    pub(crate) drain: CancellationToken,
    /// It takes no more requests, and ends when those that are open have ended.
    pub(crate) stop: CancellationToken,
}
