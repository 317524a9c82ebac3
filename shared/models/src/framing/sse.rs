//! Server-sent events, by the HTML standard, section 9.2, "Parsing an event stream".
//!
//! A decoder that takes bytes and returns events: the parsers on crates.io are adapters of streams, so
//! that nothing outside them knows when bytes came, and each fails on some input (ARCHITECTURE.md,
//! "Language models").

use super::frame::Frame;

#[derive(Debug, Default)]
pub(super) struct SseDecoder {
    line: Vec<u8>,
    /// The last line ended with CR: an LF that comes next belongs to it.
    is_after_cr: bool,
    event: String,
    data: Option<String>,
}

impl SseDecoder {
    pub(super) fn push(&mut self, bytes: &[u8], frames: &mut Vec<Frame>) {
        let mut rest = bytes;
        while let Some((&first, behind)) = rest.split_first() {
            if std::mem::take(&mut self.is_after_cr) && first == b'\n' {
                rest = behind;
                continue;
            }
            let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.line.extend_from_slice(rest);
                return;
            };
            self.line.extend_from_slice(&rest[..end]);
            self.is_after_cr = rest[end] == b'\r';
            rest = &rest[end + 1..];
            self.end_line(frames);
        }
    }

    pub(super) fn finish(&mut self, frames: &mut Vec<Frame>) {
        if !self.line.is_empty() {
            self.end_line(frames);
        }
        self.dispatch(frames);
    }

    fn end_line(&mut self, frames: &mut Vec<Frame>) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        if line.is_empty() {
            self.dispatch(frames);
            return;
        }
        // Gateways write their errors between the events, without a field.
        if line.starts_with('{') || line.starts_with("[{") || line == "[DONE]" {
            self.dispatch(frames);
            frames.push(Frame::unnamed(line.as_bytes()));
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((&*line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            // llama.cpp writes its errors into a field of this name.
            "error" if !value.is_empty() => {
                self.dispatch(frames);
                let (event, data) = (field.to_owned(), value.to_owned());
                frames.push(Frame { event, data });
            }
            // Comments (without a name), `id`, `retry`, and what is not in the standard.
            _ => {}
        }
    }

    fn dispatch(&mut self, frames: &mut Vec<Frame>) {
        let event = std::mem::take(&mut self.event);
        if let Some(data) = self.data.take() {
            frames.push(Frame { event, data });
        }
    }
}
