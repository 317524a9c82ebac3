//! Reads the bytes of a response. Pure: it waits for nothing.

use std::collections::VecDeque;

use crate::assembler::Assembler;
use crate::completion::Completion;
use crate::error::{Error, ErrorKind, Retry, excerpt};
use crate::framing::{Frame, FrameDecoder, FrameError};
use crate::protocol::Decoder;
use crate::update::Update;

/// How far a response is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The model has written nothing yet.
    Waiting,
    /// The model writes.
    Writing,
    /// The model has ended. Counts of tokens may follow.
    Finished,
    /// Nothing follows.
    Complete,
}

/// Reads the bytes of a response.
pub(crate) struct Reader {
    frames: FrameDecoder,
    decoder: Box<dyn Decoder + Send>,
    assembler: Assembler,
    updates: VecDeque<Update>,
}

impl Reader {
    pub(crate) fn new(decoder: Box<dyn Decoder + Send>) -> Self {
        Self {
            frames: FrameDecoder::default(),
            decoder,
            assembler: Assembler::default(),
            updates: VecDeque::new(),
        }
    }

    /// # Errors
    /// When the server reports an error, or the response is malformed.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let frames = self.frames.push(bytes);
        for frame in frames.map_err(|error| self.frame_error(error))? {
            // What comes behind the end is not read, whether it comes in the same piece or in a later one.
            if self.assembler.is_complete() {
                break;
            }
            self.decode(&frame)?;
        }
        Ok(())
    }

    /// The server sends no more, or no more is waited for.
    ///
    /// # Errors
    /// When the model has not ended.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        let was_finished = self.assembler.is_finished();
        for frame in self.frames.finish() {
            if self.assembler.is_complete() {
                break;
            }
            match self.decode(&frame) {
                // A frame that was cut off.
                Err(error) if error.kind == ErrorKind::Malformed && was_finished => {}
                Err(error) if error.kind == ErrorKind::Malformed => return Err(self.too_short()),
                decoded => decoded?,
            }
        }
        if !self.assembler.is_finished() {
            return Err(self.too_short());
        }
        self.assembler.flush(&mut self.updates);
        Ok(())
    }

    pub(crate) fn progress(&self) -> Progress {
        let assembler = &self.assembler;
        if assembler.is_complete() {
            Progress::Complete
        } else if assembler.is_finished() && !assembler.is_finish_early() {
            Progress::Finished
        } else if assembler.has_begun() {
            Progress::Writing
        } else {
            Progress::Waiting
        }
    }

    /// Whether the server has reported the end of the model, so that the response may end.
    pub(crate) fn may_end(&self) -> bool {
        self.assembler.is_finished()
    }

    pub(crate) fn next_update(&mut self) -> Option<Update> {
        self.updates.pop_front()
    }

    pub(crate) fn into_completion(self) -> Result<Completion, Error> {
        self.assembler.into_completion()
    }

    fn decode(&mut self, frame: &Frame) -> Result<(), Error> {
        let mut deltas = Vec::new();
        let decoded = self.decoder.decode(frame, &mut deltas);
        for delta in deltas {
            self.assembler.push(delta, &mut self.updates);
        }
        decoded
    }

    /// The response ended before the model. When there was nothing of the model in it, its beginning
    /// shows why.
    fn too_short(&self) -> Error {
        let head = excerpt(&self.frames.head());
        match self.assembler.has_begun() || head.is_empty() {
            true => Error::truncated(),
            false => Error::malformed(format!(
                "the response of the model server is malformed: {head}"
            )),
        }
    }

    fn frame_error(&self, error: FrameError) -> Error {
        match error {
            FrameError::TooLarge => Error::malformed("the response of the model server has no end"),
            FrameError::Page => {
                let head = excerpt(&self.frames.head());
                let message = format!("the model server responded with a page for people: {head}");
                Error::new(ErrorKind::Malformed, Retry::Never, message)
            }
        }
    }
}

#[cfg(test)]
mod tests;
