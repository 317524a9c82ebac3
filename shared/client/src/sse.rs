//! A connection with server-sent events.

use std::pin::Pin;
use std::time::Duration;

use eventsource_stream::{Event, EventStreamError, Eventsource as _};
use futures::{Stream, StreamExt as _};
use reqwest::Response;

use crate::error::Error;
use crate::frame::Frame;

/// A stream that is silent for this long is dead: the gateway sends a comment every 15 s.
const SILENCE_MAX: Duration = Duration::from_secs(45);

type Events<E> = dyn Stream<Item = Result<Event, EventStreamError<ReadError<E>>>> + Send;

/// A connection with server-sent events.
pub(crate) struct SseConnection<E = reqwest::Error> {
    events: Pin<Box<Events<E>>>,
    /// The id of the last frame. An event without an id repeats it.
    last_id: String,
}

/// Why no bytes arrive.
#[derive(Debug, thiserror::Error)]
enum ReadError<E> {
    #[error("no keep-alive")]
    Silent,
    #[error(transparent)]
    Failed(E),
}

impl SseConnection {
    /// The events of a response.
    pub(crate) fn new(response: Response) -> Self {
        Self::from_bytes(response.bytes_stream())
    }
}

impl<E: std::error::Error + Send + Sync + 'static> SseConnection<E> {
    fn from_bytes<B: AsRef<[u8]> + Send + 'static>(
        bytes: impl Stream<Item = Result<B, E>> + Send + 'static,
    ) -> Self {
        // Bytes are awaited, not events: a comment is not an event, but a sign of life.
        let bytes = futures::stream::unfold(Box::pin(bytes), async |mut bytes| {
            let next = match tokio::time::timeout(SILENCE_MAX, bytes.next()).await {
                Ok(next) => next?.map_err(ReadError::Failed),
                Err(_) => Err(ReadError::Silent),
            };
            Some((next, bytes))
        });
        Self {
            events: Box::pin(bytes.eventsource()),
            last_id: String::new(),
        }
    }

    /// Reads the next frame.
    ///
    /// # Errors
    /// [`Error::StreamInterrupted`] at the end of the connection, too.
    pub(crate) async fn next_frame(&mut self) -> Result<Frame, Error> {
        let event = match self.events.next().await {
            None => return Err(Error::interrupted("stream ended")),
            Some(Err(EventStreamError::Transport(ReadError::Silent))) => {
                return Err(Error::interrupted(ReadError::<E>::Silent.to_string()));
            }
            Some(Err(error)) => {
                return Err(Error::Transport {
                    operation: "read the gateway's stream".to_owned(),
                    source: error.into(),
                });
            }
            Some(Ok(event)) => event,
        };
        let has_id = event.id != self.last_id;
        self.last_id = event.id;
        Ok(Frame {
            name: event.event,
            has_id,
            data: event.data,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tokio::time::{Instant, sleep};

    use super::*;

    /// A connection on which `count` texts arrive, one after each `interval`, and then nothing.
    fn connection(text: &'static str, interval: Duration, count: u32) -> SseConnection<io::Error> {
        let texts = futures::stream::unfold(0, move |sent| async move {
            if sent == count {
                return std::future::pending().await;
            }
            sleep(interval).await;
            Some((Ok(text), sent + 1))
        });
        SseConnection::from_bytes(texts)
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_with_comments_only_is_alive_until_they_stop() {
        let start = Instant::now();
        let interval = Duration::from_secs(15);
        let error = connection(":\n\n", interval, 10).next_frame().await;
        let error = error.unwrap_err();
        let expected = "the gateway's stream was interrupted (no keep-alive)";
        assert_eq!(error.to_string(), expected);
        assert_eq!(start.elapsed(), interval * 10 + SILENCE_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_repeats_no_id_of_another() {
        let text = "id: 7.0\nevent: a.b\ndata: 1\n\nevent: chunk\ndata: 2\n\n";
        let mut connection = connection(text, Duration::ZERO, 1);
        let event = connection.next_frame().await.unwrap();
        assert_eq!((event.name.as_str(), event.has_id), ("a.b", true));
        let chunk = connection.next_frame().await.unwrap();
        assert_eq!((chunk.name.as_str(), chunk.has_id), ("chunk", false));
    }
}
