//! Waits for a response.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::stream::{BoxStream, StreamExt};
use tokio::time::{Instant, timeout_at};

use crate::completion::Completion;
use crate::error::{Error, broken};
use crate::protocol::Decoder;
use crate::reader::{Progress, Reader};
use crate::update::Update;

/// How long a server may take for what follows the end of the model: the counts of tokens. Some servers
/// send none, and leave the connection open.
const FINISH_GRACE: Duration = Duration::from_millis(500);
/// How many pieces are read behind the end of a response, so that its connection can be used again.
const PIECES_BEHIND_MAX: usize = 8;

/// A response that is being read.
pub struct Response {
    body: BoxStream<'static, reqwest::Result<Bytes>>,
    reader: Reader,
    stall_timeout: Duration,
    /// When the wait for what follows the end of the model is over.
    grace_end: Option<Instant>,
    is_closed: bool,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").finish_non_exhaustive()
    }
}

impl Response {
    pub(crate) fn new(
        body: BoxStream<'static, reqwest::Result<Bytes>>,
        decoder: Box<dyn Decoder + Send>,
        stall_timeout: Duration,
    ) -> Self {
        Self {
            body,
            reader: Reader::new(decoder),
            stall_timeout,
            grace_end: None,
            is_closed: false,
        }
    }

    /// The next update; `None` when the completion is complete.
    ///
    /// # Errors
    /// When the server reports an error, or the response is malformed, stalls, or ends too early.
    /// Nothing of it must be kept then.
    pub async fn next(&mut self) -> Result<Option<Update>, Error> {
        loop {
            if let Some(update) = self.reader.next_update() {
                return Ok(Some(update));
            }
            if self.is_closed {
                return Ok(None);
            }
            match self.read().await? {
                Some(bytes) => self.reader.push(&bytes)?,
                None => self.close()?,
            }
            if !self.is_closed && self.reader.progress() == Progress::Complete {
                self.read_behind();
                self.close()?;
            }
        }
    }

    /// The completion, once [`Response::next`] has returned `None`.
    ///
    /// # Errors
    /// When the response ended before the model.
    pub fn into_completion(self) -> Result<Completion, Error> {
        self.reader.into_completion()
    }

    /// The next bytes; `None` when there are no more, or none are waited for.
    async fn read(&mut self) -> Result<Option<Bytes>, Error> {
        let limit = match self.reader.progress() {
            // Models think before they begin: only the caller knows for how long.
            Progress::Waiting => None,
            Progress::Writing => Some(Instant::now() + self.stall_timeout),
            // One limit for all: comments that keep a connection alive must not extend it.
            Progress::Finished | Progress::Complete => {
                let end = *self
                    .grace_end
                    .get_or_insert_with(|| Instant::now() + FINISH_GRACE);
                Some(end)
            }
        };
        let next = self.body.next();
        let read = match limit {
            None => Ok(next.await),
            Some(limit) => timeout_at(limit, next).await,
        };
        match read {
            Ok(Some(Ok(bytes))) => Ok(Some(bytes)),
            Ok(None) => Ok(None),
            // The model has ended: the completion is complete.
            Ok(Some(Err(_))) | Err(_) if self.reader.may_end() => Ok(None),
            Ok(Some(Err(error))) => Err(broken(&error)),
            Err(_) => Err(Error::stalled(self.stall_timeout)),
        }
    }

    fn close(&mut self) -> Result<(), Error> {
        self.is_closed = true;
        self.reader.finish()
    }

    /// A connection whose response was read to its end is used again.
    fn read_behind(&mut self) {
        for _ in 0..PIECES_BEHIND_MAX {
            if !matches!(self.body.next().now_or_never(), Some(Some(Ok(_)))) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use tokio::time::sleep;

    use super::*;
    use crate::endpoint::Protocol;
    use crate::error::ErrorKind;
    use crate::protocol::decoder;

    const TEXT: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n";
    const STOP: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    const COMMENT: &str = ": keep-alive\n\n";
    const STALL_TIMEOUT: Duration = Duration::from_secs(20);

    /// Reads pieces, each after so many seconds, from a connection that stays open.
    async fn read(pieces: &[(u64, &'static str)]) -> Result<String, Error> {
        let pieces: Vec<(u64, &str)> = pieces.to_vec();
        let pieces = stream::iter(pieces).then(async |(seconds, piece)| {
            sleep(Duration::from_secs(seconds)).await;
            Ok(Bytes::from_static(piece.as_bytes()))
        });
        let body = pieces.chain(stream::pending()).boxed();
        let mut response = Response::new(body, decoder(Protocol::OpenAi), STALL_TIMEOUT);
        while response.next().await?.is_some() {}
        Ok(response.into_completion()?.text)
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_may_think_before_it_begins() {
        assert_eq!(read(&[(300, TEXT), (0, STOP)]).await.unwrap(), "Hi");
    }

    #[tokio::test(start_paused = true)]
    async fn comments_keep_a_silent_connection_alive() {
        let mut pieces = vec![(0, TEXT)];
        pieces.extend([(15, COMMENT); 10]);
        pieces.push((15, STOP));
        assert_eq!(read(&pieces).await.unwrap(), "Hi");
        let error = read(&[(0, TEXT), (21, STOP)]).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Stalled);
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_connection_is_left_when_the_model_has_ended() {
        let started = Instant::now();
        assert_eq!(read(&[(0, TEXT), (0, STOP)]).await.unwrap(), "Hi");
        assert_eq!(started.elapsed(), FINISH_GRACE);
        // Comments do not extend the wait.
        let started = Instant::now();
        let mut pieces = vec![(0, TEXT), (0, STOP)];
        pieces.extend([(1, COMMENT); 10]);
        assert_eq!(read(&pieces).await.unwrap(), "Hi");
        assert_eq!(started.elapsed(), FINISH_GRACE);
    }

    #[tokio::test(start_paused = true)]
    async fn text_behind_a_reported_end_is_read() {
        let early =
            "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n";
        assert_eq!(
            read(&[(0, early), (0, early), (5, TEXT)]).await.unwrap(),
            "HiHiHi"
        );
    }
}
