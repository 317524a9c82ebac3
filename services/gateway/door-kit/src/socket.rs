//! One open WebSocket, whichever door it belongs to: its limits, its pings, and how it is closed.

mod outbox;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use tokio::time::{Instant, sleep_until, timeout};

use self::outbox::Outbox;
use crate::close_reason::CloseReason;
use crate::connections::ConnectionGuard;
use crate::fanout::SubscriptionEnd;
use crate::principal::Principal;
use crate::problem::Problem;
use crate::rate_limit::FrameRate;
use crate::settings::SocketLimits;
use crate::state::DoorState;

/// Bytes that are read at once. Every open socket holds as many.
const READ_BUFFER_BYTES: usize = 2 << 10;
/// Bytes that are joined before they are written.
const WRITE_BUFFER_BYTES: usize = 16 << 10;
/// Frames that are joined before the socket looks at anything else.
const BATCH_FRAMES_MAX: u64 = 256;
/// Bytes of frames that are queued at once. The last one may exceed it.
const BATCH_BYTES_MAX: usize = 256 << 10;
/// Frames that are queued while the client sends: as many replies as commands may wait for theirs, and a batch
/// of events, with room for both.
const QUEUED_FRAMES_MAX: usize = 1024;

/// What a handler extracts from a request to open a WebSocket.
pub type UpgradeRequest = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// The WebSocket of a request, with the limits of the gateway. A message of more than
/// `message_bytes_max` bytes closes it.
///
/// # Errors
/// 426 when the request opens no WebSocket.
pub fn accept_upgrade(
    request: UpgradeRequest,
    limits: &SocketLimits,
    message_bytes_max: usize,
) -> Result<WebSocketUpgrade, Problem> {
    let upgrade = request.map_err(|rejection| {
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
pub struct Socket {
    state: Arc<DoorState>,
    connection: ConnectionGuard,
    socket: WebSocket,
    next_ping: Instant,
    /// When a ping was sent that has no answer yet.
    pinged_at: Option<Instant>,
    /// The frames of the client.
    rate: FrameRate,
    /// What waits to be written.
    outbox: Outbox,
    /// What the client sent while it was not read: the next message alone, so that a close frame is noticed.
    unread: Option<Message>,
    /// The frames among it that are not counted yet.
    queued_frames: u64,
    /// When the token of the client expires, if it has one.
    expires: Option<Instant>,
    /// How long the client may neither read nor answer; otherwise as long as the limits of sockets say.
    patience: Option<Duration>,
}

/// Why nothing more follows on a socket.
pub enum Closed {
    /// The client closed it, or has disconnected.
    ByClient,
    /// The gateway closes it.
    ByGateway(CloseReason),
}

impl From<SubscriptionEnd> for Closed {
    fn from(end: SubscriptionEnd) -> Self {
        Self::ByGateway(end.into())
    }
}

/// Whether a socket reads the messages of its client. Its close frame is noticed either way, unless a message that
/// waits is before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It does.
    Active,
    /// They wait unread.
    Paused,
}

/// What [`Socket::handle`] has to do next.
pub enum SocketEvent {
    /// The client has sent something.
    Message(Message),
    /// It is time to ping the client.
    PingDue,
    /// What was queued is written.
    Written,
    /// The client may send its next frame.
    ReadingDue,
}

/// A message of a client.
pub enum Inbound {
    /// A text.
    Text(Utf8Bytes),
    /// Bytes.
    Binary(Bytes),
}

impl Socket {
    /// An upgraded socket. The frames of its client are counted: those above its rate wait unread.
    pub fn new(
        state: Arc<DoorState>,
        connection: ConnectionGuard,
        principal: &Principal,
        socket: WebSocket,
    ) -> Self {
        Self {
            next_ping: Instant::now() + state.socket_limits.ping_every,
            pinged_at: None,
            rate: FrameRate::new(&state.rate_limit, principal.id()),
            expires: principal.expires_at(&state.clock),
            outbox: Outbox::default(),
            unread: None,
            queued_frames: 0,
            patience: None,
            state,
            connection,
            socket,
        }
    }

    /// The same socket, for a client that may be busy so long: meanwhile it neither reads nor answers pings.
    /// Frames for it are [queued](Self::queue), and it is not written to in any other way.
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Queues a frame, which [`Self::next_event`] writes while it waits.
    pub fn queue(&mut self, text: impl Into<Utf8Bytes>) {
        self.queued_frames += 1;
        self.outbox.push(Message::Text(text.into()));
    }

    /// Whether what was queued is not written yet: what follows can wait.
    pub fn has_queued(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Whether a batch of queued frames is complete.
    pub fn has_queued_batch(&self) -> bool {
        self.outbox.len() >= BATCH_FRAMES_MAX as usize || self.outbox.bytes() >= BATCH_BYTES_MAX
    }

    /// Whether so much is queued that the client must read before it may send more.
    pub fn is_backed_up(&self) -> bool {
        self.outbox.bytes() >= self.state.socket_limits.write_buffer_bytes_max
            || self.outbox.len() >= QUEUED_FRAMES_MAX
    }

    /// Waits for what has to be done next, with [`Self::handle`], and writes what was queued. A caller may stop
    /// waiting at any time.
    ///
    /// # Errors
    /// [`Closed`] when nothing more follows.
    pub async fn next_event(&mut self, reading: Reading) -> Result<SocketEvent, Closed> {
        let rate_wait = self.rate.wait(&self.state.rate_limit);
        let reads = reading == Reading::Active && rate_wait.is_none();
        let limits = &self.state.socket_limits;
        let pong_within = self.patience.unwrap_or(limits.pong_within);
        let pong_until = self.pinged_at.map(|at| at + pong_within);
        let write_within = self.patience.unwrap_or(limits.write_timeout);
        let write_until = self.outbox.waits_since().map(|at| at + write_within);
        let (next_ping, expires) = (self.next_ping, self.expires);
        let mut polled = Polled {
            socket: &mut self.socket,
            outbox: &mut self.outbox,
            unread: &mut self.unread,
            pinged_at: &mut self.pinged_at,
        };
        tokio::select! {
            () = self.state.shutdown.cancelled() => Err(Closed::ByGateway(CloseReason::Shutdown)),
            () = sleep_until(expires.unwrap_or(next_ping)), if expires.is_some() => {
                Err(Closed::ByGateway(CloseReason::Expired))
            }
            event = poll_fn(|context| polled.poll(reads, context)) => event,
            () = sleep_until(next_ping) => Ok(SocketEvent::PingDue),
            () = sleep_for(rate_wait), if rate_wait.is_some() => Ok(SocketEvent::ReadingDue),
            // While messages wait unread, so do pongs.
            () = sleep_until(pong_until.unwrap_or(next_ping)), if reads && pong_until.is_some() => {
                Err(Closed::ByGateway(CloseReason::NoPong))
            }
            () = sleep_until(write_until.unwrap_or(next_ping)), if write_until.is_some() => {
                Err(Closed::ByGateway(CloseReason::Slow))
            }
        }
    }

    /// Handles an event, and returns the message of the client if it was one.
    ///
    /// # Errors
    /// [`Closed`] when nothing more follows.
    pub async fn handle(&mut self, event: SocketEvent) -> Result<Option<Inbound>, Closed> {
        let message = match event {
            SocketEvent::PingDue => return self.ping().await.map(|()| None),
            SocketEvent::Written => {
                let frames = std::mem::take(&mut self.queued_frames);
                self.connection.record_deliveries(frames);
                return Ok(None);
            }
            SocketEvent::ReadingDue => return Ok(None),
            SocketEvent::Message(message) => message,
        };
        // Any message shows that the client is there.
        self.pinged_at = None;
        if matches!(message, Message::Text(_) | Message::Binary(_)) {
            self.rate.count();
        }
        match message {
            Message::Text(text) => Ok(Some(Inbound::Text(text))),
            Message::Binary(bytes) => Ok(Some(Inbound::Binary(bytes))),
            Message::Ping(_) | Message::Pong(_) => Ok(None),
            Message::Close(_) => Err(Closed::ByClient),
        }
    }

    /// Sends one frame.
    ///
    /// # Errors
    /// [`Closed`] when the client does not read, or has disconnected.
    pub async fn send(&mut self, text: impl Into<Utf8Bytes>) -> Result<(), Closed> {
        self.send_message(Message::Text(text.into())).await
    }

    /// Sends `first` and the `others` that are there already in one write.
    ///
    /// # Errors
    /// [`Closed`] when the client does not read, or has disconnected.
    pub async fn send_batch(
        &mut self,
        first: Utf8Bytes,
        mut others: impl FnMut() -> Option<Utf8Bytes>,
    ) -> Result<(), Closed> {
        let others = || others().map(Message::Text);
        self.write_batch(Message::Text(first), others).await
    }

    /// Sends binary frames in one write.
    ///
    /// # Errors
    /// [`Closed`] when the client does not read, or has disconnected.
    pub async fn send_binary(&mut self, frames: Vec<Bytes>) -> Result<(), Closed> {
        let mut frames = frames.into_iter().map(Message::Binary);
        while let Some(first) = frames.next() {
            self.write_batch(first, || frames.next()).await?;
        }
        Ok(())
    }

    async fn write_batch(
        &mut self,
        first: Message,
        mut others: impl FnMut() -> Option<Message>,
    ) -> Result<(), Closed> {
        let mut frames = 1;
        let write_timeout = self.state.socket_limits.write_timeout;
        let write = async {
            self.socket.feed(first).await?;
            while frames < BATCH_FRAMES_MAX
                && let Some(message) = others()
            {
                self.socket.feed(message).await?;
                frames += 1;
            }
            self.socket.flush().await
        };
        let written = timeout(write_timeout, write).await;
        self.connection.record_deliveries(frames);
        write_result(&written)
    }

    /// Closes it, with a close frame: its own if the gateway closes it, otherwise the answer to that of the
    /// client (RFC 6455, section 5.5.1).
    pub async fn close(mut self, closed: Closed) {
        let wait = self.state.socket_limits.pong_within;
        let Closed::ByGateway(reason) = closed else {
            let answer = async {
                if self.socket.flush().await.is_ok() {
                    self.drain().await;
                }
            };
            let _ = timeout(wait, answer).await;
            return;
        };
        self.connection.record_close(reason);
        let frame = CloseFrame {
            code: reason.code(),
            reason: reason.text().into(),
        };
        let (socket, outbox) = (&mut self.socket, &mut self.outbox);
        let close = async {
            // What was queued is before it.
            poll_fn(|context| outbox.poll_write(socket, context)).await?;
            socket.send(Message::Close(Some(frame))).await
        };
        // A client that does not read is not waited for twice.
        if timeout(wait, close).await.is_ok() {
            let _ = timeout(wait, self.drain()).await;
        }
    }

    /// Reads until the client has closed its side: otherwise the reset that follows unread data
    /// would overtake the close frame.
    async fn drain(&mut self) {
        while let Some(Ok(_)) = self.socket.recv().await {}
    }

    async fn ping(&mut self) -> Result<(), Closed> {
        let now = Instant::now();
        self.next_ping = now + self.state.socket_limits.ping_every;
        if self.patience.is_some() {
            // One that does not read what it has got would not read the ping.
            if self.outbox.is_empty() {
                self.pinged_at.get_or_insert(now);
                self.outbox.push(Message::Ping(Bytes::new()));
            }
            return Ok(());
        }
        self.pinged_at.get_or_insert(now);
        self.send_message(Message::Ping(Bytes::new())).await
    }

    async fn send_message(&mut self, message: Message) -> Result<(), Closed> {
        let write_timeout = self.state.socket_limits.write_timeout;
        write_result(&timeout(write_timeout, self.socket.send(message)).await)
    }
}

/// What is polled while a socket waits.
struct Polled<'a> {
    socket: &'a mut WebSocket,
    outbox: &'a mut Outbox,
    unread: &'a mut Option<Message>,
    pinged_at: &'a mut Option<Instant>,
}

impl Polled<'_> {
    /// Writes what was queued, and reads meanwhile: a client that waits until its own frames are read may read no
    /// others until then.
    fn poll(
        &mut self,
        reads: bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<SocketEvent, Closed>> {
        if !self.outbox.is_empty() {
            match self.outbox.poll_write(self.socket, context) {
                Poll::Ready(Ok(())) => return Poll::Ready(Ok(SocketEvent::Written)),
                Poll::Ready(Err(_)) => return Poll::Ready(Err(Closed::ByClient)),
                Poll::Pending => {}
            }
        }
        match reads {
            true => {
                let message = match self.unread.take() {
                    Some(message) => Ok(message),
                    None => ready!(self.poll_message(context)),
                };
                Poll::Ready(message.map(SocketEvent::Message))
            }
            false => Poll::Ready(Err(ready!(self.poll_close(context)))),
        }
    }

    /// Waits until the client closes the connection, while what it sends is not read. What is before that is kept
    /// unread, and nothing behind it is looked at.
    fn poll_close(&mut self, context: &mut Context<'_>) -> Poll<Closed> {
        while self.unread.is_none() {
            match ready!(self.poll_message(context)) {
                Ok(Message::Ping(_) | Message::Pong(_)) => *self.pinged_at = None,
                Ok(Message::Close(_)) => return Poll::Ready(Closed::ByClient),
                Ok(message) => *self.unread = Some(message),
                Err(closed) => return Poll::Ready(closed),
            }
        }
        Poll::Pending
    }

    fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<Result<Message, Closed>> {
        self.socket
            .poll_next_unpin(context)
            .map(|message| match message {
                Some(Ok(message)) => Ok(message),
                Some(Err(error)) => Err(closed_by(&error)),
                None => Err(Closed::ByClient),
            })
    }
}

async fn sleep_for(wait: Option<Duration>) {
    tokio::time::sleep(wait.unwrap_or_default()).await;
}

/// Why nothing more can be read from a client. Axum hides the kinds of the errors, and shows their texts only.
fn closed_by(error: &axum::Error) -> Closed {
    let error = error.to_string();
    if error.contains("Message too long") {
        return Closed::ByGateway(CloseReason::TooLarge);
    }
    if error.starts_with("UTF-8 encoding error") {
        return Closed::ByGateway(CloseReason::InvalidText);
    }
    // A client that has disconnected is none that does not keep to the protocol.
    let is_end = ["Connection reset", "Remote sent after", "Sending after"];
    let is_end = is_end.iter().any(|end| error.contains(end));
    match error.starts_with("WebSocket protocol error") && !is_end {
        true => Closed::ByGateway(CloseReason::ProtocolError),
        false => Closed::ByClient,
    }
}

/// A client that does not read for too long is too far behind; one that can't be written to has
/// disconnected.
fn write_result(
    written: &Result<Result<(), axum::Error>, tokio::time::error::Elapsed>,
) -> Result<(), Closed> {
    match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Closed::ByClient),
        Err(_) => Err(Closed::ByGateway(CloseReason::Slow)),
    }
}
