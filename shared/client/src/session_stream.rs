//! What the client of a session gets, as it comes.

use contract::Position;
use contract::http::{SessionEndedEvent, SessionEvent, SessionStreamQuery, StreamStart};
use reqwest::Method;
use tokio::time::{Instant, sleep_until};

use crate::error::Error;
use crate::frame::{Frame, Received};
use crate::retry::{RETRY_INTERVAL, Retry};
use crate::sse::SseConnection;
use crate::transport::Transport;

/// The events of a session as they happen. After an interruption it resumes behind its last event, for as long
/// as the client retries ([`Client::with_retries`](crate::Client::with_retries)).
pub struct SessionStream {
    transport: Transport,
    path: String,
    query: SessionStreamQuery,
    /// The last event that was received, or where the stream begins.
    position: Position,
    /// Absent after an interruption.
    connection: Option<SseConnection>,
    retry: Retry,
    resume_at: Instant,
    has_ended: bool,
}

/// What a [`SessionStream`] receives.
#[derive(Debug)]
pub enum SessionStreamItem {
    /// An event, or a piece of an answer.
    Event(Box<Received<SessionEvent>>),
    /// The session has ended: nothing more follows.
    Ended(Received<SessionEndedEvent>),
    /// The stream was interrupted. It resumes with the next call of [`SessionStream::next`].
    Interrupted(Error),
}

impl SessionStream {
    pub(crate) async fn open(
        transport: Transport,
        path: String,
        query: SessionStreamQuery,
    ) -> Result<Self, Error> {
        let mut stream = Self {
            position: query.after.unwrap_or_default(),
            retry: transport.retry(),
            transport,
            path,
            query,
            connection: None,
            resume_at: Instant::now(),
            has_ended: false,
        };
        let after = stream.query.after;
        stream.connect(after).await?;
        Ok(stream)
    }

    /// Waits for what comes next; `None` after the end of the session. The call may be cancelled: nothing is
    /// lost.
    ///
    /// # Errors
    /// An error after which the stream is not opened again. It ends with it.
    pub async fn next(&mut self) -> Result<Option<SessionStreamItem>, Error> {
        while !self.has_ended {
            match self.next_item().await {
                Ok(None) => {}
                Ok(item) => return Ok(item),
                Err(error) => {
                    self.connection = None;
                    if !self.retry.allows(&error) {
                        self.has_ended = true;
                        return Err(error);
                    }
                    self.resume_at = Instant::now() + RETRY_INTERVAL;
                    return Ok(Some(SessionStreamItem::Interrupted(error)));
                }
            }
        }
        Ok(None)
    }

    async fn next_item(&mut self) -> Result<Option<SessionStreamItem>, Error> {
        if self.connection.is_none() {
            sleep_until(self.resume_at).await;
            self.connect(Some(self.position)).await?;
        }
        let Some(connection) = &mut self.connection else {
            return Ok(None);
        };
        let frame = connection.next_frame().await?;
        self.retry.record_progress();
        self.receive(frame)
    }

    /// What a frame holds; nothing when it is of a newer gateway.
    fn receive(&mut self, frame: Frame) -> Result<Option<SessionStreamItem>, Error> {
        match frame.name.as_str() {
            "event" => {
                let event: Received<SessionEvent> = frame.decode()?;
                self.position = event.content.position.unwrap_or(self.position);
                Ok(Some(SessionStreamItem::Event(Box::new(event))))
            }
            "ended" => {
                self.has_ended = true;
                frame
                    .decode()
                    .map(|ended| Some(SessionStreamItem::Ended(ended)))
            }
            "error" => Err(frame.into_close_error()),
            _ => Ok(None),
        }
    }

    async fn connect(&mut self, after: Option<Position>) -> Result<(), Error> {
        let mut request = self
            .transport
            .request(Method::GET, &self.path)
            .query(&self.query);
        if let Some(after) = after {
            request = request.header("last-event-id", after.to_string());
        }
        let mut connection = self.transport.open_stream(request).await?;
        let first = connection.next_frame().await?;
        let start: StreamStart = match first.name.as_str() {
            "ready" => first.decode()?.content,
            "error" => return Err(first.into_close_error()),
            _ => return Err(Error::interrupted("no start position")),
        };
        if after.is_some() && !start.complete {
            return Err(Error::PositionLost {
                position: self.position,
                resumed_at: start.position,
            });
        }
        self.position = start.position;
        self.connection = Some(connection);
        Ok(())
    }
}
