//! The limits of one connection, as plain values. The gateway's configuration holds them, with the purpose
//! and the default of each.

use std::time::Duration;

/// The limits of one connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionLimits {
    /// How long the headers of a request may take.
    pub(crate) headers_within: Duration,
    /// How long a connection may be without a request.
    pub(crate) idle_within: Duration,
    /// How long the client may leave unread what is written to it.
    pub(crate) write_timeout: Duration,
    /// Connections that may be without a request at once.
    pub(crate) waiting_max: usize,
}
