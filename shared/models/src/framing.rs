//! Splits the bytes of a response into frames, in whatever pieces they come.

mod frame;
mod sse;
mod values;

pub(crate) use frame::Frame;

use sse::SseDecoder;
use values::ValueDecoder;

/// The maximum size of a response: no completion is near it, and a server without an end must not fill
/// the memory.
const BODY_BYTES_MAX: usize = 16 << 20;
/// How much of a response is kept for messages.
const HEAD_BYTES_MAX: usize = 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Splits the bytes of a response into frames. Its form is recognised from its first character, not
/// from its headers: servers answer a request for a stream with one JSON object, and declare any type.
#[derive(Debug, Default)]
pub(crate) struct FrameDecoder {
    form: Form,
    head: Vec<u8>,
    size_bytes: usize,
}

#[derive(Debug)]
enum Form {
    /// Nothing but white space yet.
    Unknown(Vec<u8>),
    /// Server-sent events.
    Events(SseDecoder),
    /// JSON values: one, one per line, or an array of them.
    Values(ValueDecoder),
    /// A page for people.
    Page,
}

impl Default for Form {
    fn default() -> Self {
        Self::Unknown(Vec::new())
    }
}

/// Why a response has no frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameError {
    TooLarge,
    Page,
}

impl FrameDecoder {
    /// The frames that are complete with these bytes.
    ///
    /// # Errors
    /// When the response is too large, or a page for people.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, FrameError> {
        self.size_bytes = self.size_bytes.saturating_add(bytes.len());
        if self.size_bytes > BODY_BYTES_MAX {
            return Err(FrameError::TooLarge);
        }
        let room = HEAD_BYTES_MAX.saturating_sub(self.head.len());
        self.head.extend_from_slice(&bytes[..room.min(bytes.len())]);
        let mut frames = Vec::new();
        match &mut self.form {
            Form::Unknown(start) => {
                start.extend_from_slice(bytes);
                let start = std::mem::take(start);
                self.recognise(start, &mut frames);
            }
            Form::Events(decoder) => decoder.push(bytes, &mut frames),
            Form::Values(decoder) => decoder.push(bytes, &mut frames),
            Form::Page => {}
        }
        match self.form {
            Form::Page => Err(FrameError::Page),
            _ => Ok(frames),
        }
    }

    /// What is left at the end: servers omit the empty line behind the last event.
    pub(crate) fn finish(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        match &mut self.form {
            Form::Events(decoder) => decoder.finish(&mut frames),
            Form::Values(decoder) => decoder.finish(&mut frames),
            Form::Unknown(_) | Form::Page => {}
        }
        frames
    }

    /// The beginning of the response, for messages.
    pub(crate) fn head(&self) -> String {
        String::from_utf8_lossy(&self.head).into_owned()
    }

    fn recognise(&mut self, start: Vec<u8>, frames: &mut Vec<Frame>) {
        if BYTE_ORDER_MARK.starts_with(&start) && start.len() < BYTE_ORDER_MARK.len() {
            self.form = Form::Unknown(start);
            return;
        }
        let text = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&start);
        match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => self.form = Form::Unknown(start),
            Some(b'{' | b'[') => {
                let mut decoder = ValueDecoder::default();
                decoder.push(text, frames);
                self.form = Form::Values(decoder);
            }
            Some(b'<') => self.form = Form::Page,
            Some(_) => {
                let mut decoder = SseDecoder::default();
                decoder.push(text, frames);
                self.form = Form::Events(decoder);
            }
        }
    }
}

#[cfg(test)]
mod tests;
