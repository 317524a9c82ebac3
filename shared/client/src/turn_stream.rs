//! A message and the answers that it causes, as they come.

use contract::http::{PostMessageRequest, TurnResponse};
use contract::{Chunk, CloudEvent, Position};
use reqwest::Method;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use crate::error::Error;
use crate::frame::{Frame, Received};
use crate::retry::{RETRY_INTERVAL, Retry};
use crate::sse::SseConnection;
use crate::transport::{IDEMPOTENCY_KEY, Transport};

/// Posts a message and receives its turn. After an interruption the message is posted again, for as long
/// as the client retries ([`Client::with_retries`](crate::Client::with_retries)): its idempotency key
/// makes it one message, and each event of the turn is received once.
pub struct TurnStream {
    transport: Transport,
    path: String,
    request: PostMessageRequest,
    idempotency_key: String,
    retry: Retry,
    resume_at: Instant,
    /// Absent before the message is posted, and after an interruption.
    connection: Option<SseConnection>,
    was_posted: bool,
    /// The last event that was received.
    position: Option<Position>,
    has_ended: bool,
}

/// What a [`TurnStream`] receives.
#[derive(Debug)]
pub enum TurnItem {
    /// The message is durable: its id and its commit.
    Posted(TurnResponse),
    /// An event of the turn: an answer, a failure, an approval, or the last, `chat.turn_ended`.
    Event(Box<Received<CloudEvent>>),
    /// A part of an answer while it is generated. After an interruption some are lost.
    Chunk(Received<Chunk>),
    /// The stream was interrupted. The message is posted again with the next call of
    /// [`TurnStream::next`].
    Interrupted(Error),
}

impl TurnStream {
    pub(crate) fn new(transport: Transport, path: String, request: PostMessageRequest) -> Self {
        Self {
            retry: transport.retry(),
            transport,
            path,
            request,
            idempotency_key: Uuid::now_v7().to_string(),
            resume_at: Instant::now(),
            connection: None,
            was_posted: false,
            position: None,
            has_ended: false,
        }
    }

    /// Waits for what comes next; `None` after the end of the turn. The message is posted by the first
    /// call. The call may be cancelled: nothing is lost.
    ///
    /// # Errors
    /// An error after which the message is not posted again. The stream ends with it.
    pub async fn next(&mut self) -> Result<Option<TurnItem>, Error> {
        while !self.has_ended {
            match self.next_frame().await {
                Ok(None) => {}
                Ok(item) => return Ok(item),
                Err(error) => {
                    self.connection = None;
                    if !self.retry.allows(&error) {
                        self.has_ended = true;
                        return Err(error);
                    }
                    self.resume_at = Instant::now() + RETRY_INTERVAL;
                    return Ok(Some(TurnItem::Interrupted(error)));
                }
            }
        }
        Ok(None)
    }

    async fn next_frame(&mut self) -> Result<Option<TurnItem>, Error> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => {
                sleep_until(self.resume_at).await;
                let request = self.transport.request(Method::POST, &self.path);
                let request = request
                    .json(&self.request)
                    .header(IDEMPOTENCY_KEY, &self.idempotency_key);
                none.insert(self.transport.open_stream(request).await?)
            }
        };
        let frame = connection.next_frame().await?;
        self.retry.record_progress();
        self.receive(frame)
    }

    /// What a frame holds; nothing when it was received before, or is of a newer gateway.
    fn receive(&mut self, frame: Frame) -> Result<Option<TurnItem>, Error> {
        match frame.name.as_str() {
            "message" if self.was_posted => Ok(None),
            "message" => {
                let posted = frame.decode()?;
                self.was_posted = true;
                Ok(Some(TurnItem::Posted(posted.content)))
            }
            "error" => Err(frame.into_close_error()),
            "chunk" => frame.decode().map(|chunk| Some(TurnItem::Chunk(chunk))),
            _ if !frame.has_id => Ok(None),
            name => {
                // The log of a deleted world has no further events.
                self.has_ended = matches!(name, "chat.turn_ended" | "world.deleted");
                let event: Received<CloudEvent> = frame.decode()?;
                if self.position >= Some(event.content.sequence) {
                    return Ok(None);
                }
                self.position = Some(event.content.sequence);
                Ok(Some(TurnItem::Event(Box::new(event))))
            }
        }
    }
}
