//! JSON values that follow one another: one, one per line, or the items of an array.

use super::frame::Frame;

#[derive(Debug, Default)]
pub(super) struct ValueDecoder {
    value: Vec<u8>,
    /// How many objects and arrays of the value are open.
    depth: usize,
    is_in_string: bool,
    is_escaped: bool,
}

impl ValueDecoder {
    pub(super) fn push(&mut self, bytes: &[u8], frames: &mut Vec<Frame>) {
        for &byte in bytes {
            match self.value.is_empty() {
                true => self.begin(byte),
                false => self.proceed(byte, frames),
            }
        }
    }

    pub(super) fn finish(&mut self, frames: &mut Vec<Frame>) {
        self.end(frames);
    }

    /// The brackets and commas of an array around the values are skipped.
    fn begin(&mut self, byte: u8) {
        match byte {
            b'[' | b']' | b',' => {}
            byte if byte.is_ascii_whitespace() => {}
            byte => {
                self.value.push(byte);
                self.depth = usize::from(byte == b'{');
            }
        }
    }

    fn proceed(&mut self, byte: u8, frames: &mut Vec<Frame>) {
        // Not an object: it ends with its line.
        if self.depth == 0 && byte == b'\n' {
            self.end(frames);
            return;
        }
        self.value.push(byte);
        match (self.is_in_string, byte) {
            (true, _) if self.is_escaped => self.is_escaped = false,
            (true, b'\\') => self.is_escaped = true,
            (_, b'"') => self.is_in_string = !self.is_in_string,
            (false, b'{' | b'[') => self.depth += 1,
            (false, b'}' | b']') => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.end(frames);
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, frames: &mut Vec<Frame>) {
        let value = std::mem::take(&mut self.value);
        if !value.is_empty() {
            frames.push(Frame::unnamed(&value));
        }
        *self = Self::default();
    }
}
