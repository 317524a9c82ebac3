//! The event stream of a world, which resumes by itself.

use std::mem;
use std::time::Duration;

use contract::http::{StreamQuery, StreamStart};
use contract::{Chunk, CloudEvent, Position};
use reqwest::Method;
use tokio::time::{Instant, sleep_until};

use crate::error::Error;
use crate::frame::{Frame, Received};
use crate::sse::SseConnection;
use crate::transport::Transport;

/// The pause before a stream is opened again doubles from here to the longest.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// The events of a world as they happen. After an interruption it resumes behind its last event: no
/// event is lost or received twice.
pub struct EventStream {
    transport: Transport,
    path: String,
    query: StreamQuery,
    start: StreamStart,
    /// The last event that was received, or where the stream begins.
    position: Position,
    /// Absent after an interruption.
    connection: Option<SseConnection>,
    /// How long the next interruption lasts.
    pause: Duration,
    resume_at: Instant,
}

/// What an [`EventStream`] receives.
#[derive(Debug)]
pub enum StreamItem {
    /// An event.
    Event(Box<Received<CloudEvent>>),
    /// A part of an answer while it is generated, if the query asks for `live`. Chunks are no facts:
    /// those of an interruption are lost.
    Chunk(Received<Chunk>),
    /// The stream was interrupted. It resumes with the next call of [`EventStream::next`].
    Interrupted {
        /// Why.
        error: Error,
        /// It resumes behind this position.
        position: Position,
    },
}

impl EventStream {
    pub(crate) async fn open(
        transport: Transport,
        path: String,
        query: StreamQuery,
    ) -> Result<Self, Error> {
        let (connection, start) = connect(&transport, &path, &query, None).await?;
        Ok(Self {
            transport,
            path,
            query,
            start,
            position: start.position,
            connection: Some(connection),
            pause: PAUSE_MIN,
            resume_at: Instant::now(),
        })
    }

    /// Where the stream began. It is not `complete` when the log did not have all that the query asks
    /// for.
    pub fn start(&self) -> StreamStart {
        self.start
    }

    /// Waits for what comes next. The call may be cancelled: nothing is lost.
    ///
    /// # Errors
    /// An error that a repeat would not change: what [`Error::is_transient`] denies. The stream ends with
    /// it, except that it continues after [`Error::PositionLost`].
    pub async fn next(&mut self) -> Result<StreamItem, Error> {
        loop {
            let Some(connection) = &mut self.connection else {
                sleep_until(self.resume_at).await;
                match self.resume().await {
                    Ok(()) => continue,
                    Err(lost @ Error::PositionLost { .. }) => return Err(lost),
                    Err(error) => return self.interrupt(error),
                }
            };
            let item = match connection.next_frame().await {
                Ok(frame) => self.receive(frame),
                Err(error) => Err(error),
            };
            match item {
                Ok(Some(item)) => return Ok(item),
                Ok(None) => {}
                Err(error) => return self.interrupt(error),
            }
        }
    }

    /// What a frame holds; nothing when it was received before, or is of a newer gateway.
    fn receive(&mut self, frame: Frame) -> Result<Option<StreamItem>, Error> {
        match frame.name.as_str() {
            "error" => Err(frame.into_close_error()),
            "chunk" => frame.decode().map(|chunk| Some(StreamItem::Chunk(chunk))),
            _ if !frame.has_id => Ok(None),
            _ => {
                let event: Received<CloudEvent> = frame.decode()?;
                if event.content.sequence <= self.position {
                    return Ok(None);
                }
                self.position = event.content.sequence;
                self.pause = PAUSE_MIN;
                Ok(Some(StreamItem::Event(Box::new(event))))
            }
        }
    }

    fn interrupt(&mut self, error: Error) -> Result<StreamItem, Error> {
        self.connection = None;
        if !error.is_transient() {
            return Err(error);
        }
        self.resume_at = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        Ok(StreamItem::Interrupted {
            error,
            position: self.position,
        })
    }

    async fn resume(&mut self) -> Result<(), Error> {
        let position = self.position;
        let (connection, start) =
            connect(&self.transport, &self.path, &self.query, Some(position)).await?;
        self.connection = Some(connection);
        if start.complete {
            return Ok(());
        }
        self.pause = PAUSE_MIN;
        Err(Error::PositionLost {
            position: mem::replace(&mut self.position, start.position),
            resumed_at: start.position,
        })
    }
}

/// Opens the stream, behind this position or where the query says.
async fn connect(
    transport: &Transport,
    path: &str,
    query: &StreamQuery,
    position: Option<Position>,
) -> Result<(SseConnection, StreamStart), Error> {
    let mut request = transport.request(Method::GET, path).query(query);
    if let Some(position) = position {
        request = request.header("last-event-id", position.to_string());
    }
    let mut connection = transport.open_stream(request).await?;
    let first = connection.next_frame().await?;
    let start = match first.name.as_str() {
        "ready" => first.decode()?.content,
        "error" => return Err(first.into_close_error()),
        _ => return Err(Error::interrupted("no start position")),
    };
    Ok((connection, start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_pause_doubles_up_to_its_maximum() {
        let position = Position::end_of(7);
        let mut stream = EventStream {
            transport: Transport::new("http://localhost", None).unwrap(),
            path: String::new(),
            query: StreamQuery::default(),
            start: StreamStart {
                position,
                complete: true,
            },
            position,
            connection: None,
            pause: PAUSE_MIN,
            resume_at: Instant::now(),
        };
        for expected in [100, 200, 400, 800, 1600, 3200, 5000, 5000] {
            stream.interrupt(Error::interrupted("shutdown")).unwrap();
            let pause = stream.resume_at - Instant::now();
            assert_eq!(pause, Duration::from_millis(expected));
        }
    }
}
