//! Why the gateway closes a connection.

/// Why the gateway closes a connection, with the close code of a WebSocket. After a code below 3500 a
/// client connects again and resumes from its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The gateway shuts down.
    Shutdown,
    /// The events could not be read; the log of the gateway has the cause.
    ServerError,
    /// The client is too far behind.
    Slow,
    /// The client does not answer pings.
    NoPong,
    /// The request can't be served: a repeat would be refused again.
    Refused,
    /// The world was deleted: another one of its id has nothing to do with this connection.
    WorldDeleted,
    /// What the connection was for has ended.
    Ended,
    /// The client does not keep to the protocol of WebSockets (RFC 6455).
    ProtocolError,
    /// A text of the client is not UTF-8.
    InvalidText,
    /// A message of the client is larger than the door takes.
    TooLarge,
    /// The token of the client has expired: it may come back with another.
    Expired,
    /// The gateway shuts down, for clients that know the codes of RFC 6455 only.
    Restart,
    /// The first frame of the client is not the one that begins a session.
    InvalidFirstFrame,
    /// The client has sent no first frame in time.
    NoFirstFrame,
}

impl CloseReason {
    /// The close code of a WebSocket.
    pub fn code(self) -> u16 {
        match self {
            Self::Expired => 3000,
            Self::Shutdown => 3001,
            Self::ServerError => 3004,
            Self::Slow => 3008,
            Self::NoPong => 3012,
            Self::Refused => 3501,
            Self::WorldDeleted => 3502,
            Self::Ended => 1000,
            Self::ProtocolError => 1002,
            Self::InvalidText => 1007,
            Self::TooLarge => 1009,
            Self::Restart => 1012,
            Self::InvalidFirstFrame => 4400,
            Self::NoFirstFrame => 4408,
        }
    }

    /// The reason as clients read it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Expired => "token expired",
            Self::Shutdown => "shutdown",
            Self::ServerError => "server error",
            Self::Slow => "slow",
            Self::NoPong => "no pong",
            Self::Refused => "refused",
            Self::WorldDeleted => "world deleted",
            Self::Ended => "ended",
            Self::ProtocolError => "protocol error",
            Self::InvalidText => "invalid text",
            Self::TooLarge => "message too large",
            Self::Restart => "service restart",
            Self::InvalidFirstFrame => "invalid first frame",
            Self::NoFirstFrame => "no first frame",
        }
    }
}
