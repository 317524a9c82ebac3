//! One open WebSocket, whichever door it came through: its limits, its pings, and how it ends.

use std::sync::Arc;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use tokio::time::{Instant, sleep_until, timeout};

use crate::config::Limits;
use crate::connections::{Close, Connection};
use crate::fanout::Ended;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// Bytes that are read at once. Every open socket holds as many.
const READ_BUFFER_BYTES: usize = 2 << 10;
/// Bytes that are joined before they are written.
const WRITE_BUFFER_BYTES: usize = 16 << 10;
/// Frames that are joined before the socket looks at something else.
const BATCH_FRAMES_MAX: u64 = 256;

/// What a request to open a WebSocket is, if it is one.
pub(crate) type Asked = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// A WebSocket as this gateway opens it. One whose client sends more than `message_bytes_max` in one
/// message is closed.
///
/// # Errors
/// 426 when the request asks for no WebSocket.
pub(crate) fn within_limits(
    asked: Asked,
    limits: &Limits,
    message_bytes_max: usize,
) -> Result<WebSocketUpgrade, Problem> {
    let upgrade = asked.map_err(|rejection| {
        let status = StatusCode::UPGRADE_REQUIRED;
        Problem::new(status, "upgrade_required", rejection.body_text())
    })?;
    Ok(upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES.min(limits.write_buffer_bytes_max / 2))
        .max_write_buffer_size(limits.write_buffer_bytes_max)
        .max_message_size(message_bytes_max)
        .max_frame_size(message_bytes_max))
}

/// An open WebSocket.
pub(crate) struct Socket {
    gateway: Arc<Gateway>,
    connection: Connection,
    socket: WebSocket,
    next_ping: Instant,
    /// When a ping was sent that nothing has answered.
    pinged: Option<Instant>,
}

/// Why a socket is over.
pub(crate) enum Over {
    /// The client closed it, or is gone.
    Gone,
    /// The gateway closes it.
    Close(Close),
}

impl From<Ended> for Over {
    fn from(ended: Ended) -> Self {
        Self::Close(match ended {
            Ended::Slow => Close::Slow,
            Ended::Unreadable => Close::ServerError,
        })
    }
}

/// What has to be seen to.
pub(crate) enum Due {
    /// The client has sent something.
    Message(Message),
    /// It is time to ping it.
    Ping,
}

/// What a client says.
pub(crate) enum Heard {
    Text(Utf8Bytes),
    /// Something that no door understands.
    Binary,
}

impl Socket {
    pub(crate) fn new(gateway: Arc<Gateway>, connection: Connection, socket: WebSocket) -> Self {
        Self {
            next_ping: Instant::now() + gateway.config.limits.ping_every,
            pinged: None,
            gateway,
            connection,
            socket,
        }
    }

    /// What has to be seen to next, with [`Self::see_to`]. The client is heard only if `hears`. A
    /// caller may stop waiting at any time.
    ///
    /// # Errors
    /// [`Over`] when nothing more follows.
    pub(crate) async fn due(&mut self, hears: bool) -> Result<Due, Over> {
        let limits = &self.gateway.config.limits;
        let pong_until = self.pinged.map(|at| at + limits.pong_within);
        tokio::select! {
            () = self.gateway.shutdown.cancelled() => Err(Over::Close(Close::Shutdown)),
            message = self.socket.recv(), if hears => match message {
                Some(Ok(message)) => Ok(Due::Message(message)),
                _ => Err(Over::Gone),
            },
            () = sleep_until(self.next_ping) => Ok(Due::Ping),
            // While frames wait unread, so do pongs.
            () = sleep_until(pong_until.unwrap_or(self.next_ping)), if hears && pong_until.is_some() => {
                Err(Over::Close(Close::NoPong))
            }
        }
    }

    /// Does what is due, and tells what the client says, if it said something.
    ///
    /// # Errors
    /// [`Over`] when nothing more follows.
    pub(crate) async fn see_to(&mut self, due: Due) -> Result<Option<Heard>, Over> {
        let message = match due {
            Due::Ping => return self.ping().await.map(|()| None),
            Due::Message(message) => message,
        };
        // Whatever a client sends shows that it is there.
        self.pinged = None;
        match message {
            Message::Text(text) => Ok(Some(Heard::Text(text))),
            Message::Binary(_) => Ok(Some(Heard::Binary)),
            Message::Ping(_) | Message::Pong(_) => Ok(None),
            Message::Close(_) => Err(Over::Gone),
        }
    }

    /// Says one thing.
    ///
    /// # Errors
    /// [`Over`] when the client takes nothing, or is gone.
    pub(crate) async fn say(&mut self, text: impl Into<Utf8Bytes>) -> Result<(), Over> {
        self.send(Message::Text(text.into())).await
    }

    /// Says `first`, and the `others` that are there already, in one go.
    ///
    /// # Errors
    /// [`Over`] when the client takes nothing, or is gone.
    pub(crate) async fn say_all(
        &mut self,
        first: Utf8Bytes,
        mut others: impl FnMut() -> Option<Utf8Bytes>,
    ) -> Result<(), Over> {
        use futures::SinkExt as _;

        let mut frames = 1;
        let patience = self.gateway.config.limits.write_timeout;
        let write = async {
            self.socket.feed(Message::Text(first)).await?;
            while frames < BATCH_FRAMES_MAX
                && let Some(text) = others()
            {
                self.socket.feed(Message::Text(text)).await?;
                frames += 1;
            }
            self.socket.flush().await
        };
        let written = timeout(patience, write).await;
        self.connection.delivered(frames);
        over_unless_written(&written)
    }

    /// Ends it, and tells the client why if the gateway wants it so.
    pub(crate) async fn end(mut self, over: Over) {
        let Over::Close(close) = over else { return };
        self.connection.closed(close);
        let frame = CloseFrame {
            code: close.code(),
            reason: close.reason().into(),
        };
        // A client that takes nothing is not waited for twice.
        let goodbye = self.socket.send(Message::Close(Some(frame)));
        let patience = self.gateway.config.limits.pong_within;
        if timeout(patience, goodbye).await.is_ok() {
            let _ = timeout(patience, self.drain()).await;
        }
    }

    /// Reads until the client has closed its side: otherwise the reset that follows unread data
    /// would overtake the close frame.
    async fn drain(&mut self) {
        while let Some(Ok(_)) = self.socket.recv().await {}
    }

    async fn ping(&mut self) -> Result<(), Over> {
        let now = Instant::now();
        self.next_ping = now + self.gateway.config.limits.ping_every;
        self.pinged.get_or_insert(now);
        self.send(Message::Ping(bytes::Bytes::new())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Over> {
        let patience = self.gateway.config.limits.write_timeout;
        over_unless_written(&timeout(patience, self.socket.send(message)).await)
    }
}

/// A client that takes nothing for too long is too far behind; one that can't be written to is gone.
fn over_unless_written(
    written: &Result<Result<(), axum::Error>, tokio::time::error::Elapsed>,
) -> Result<(), Over> {
    match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Over::Gone),
        Err(_) => Err(Over::Close(Close::Slow)),
    }
}
