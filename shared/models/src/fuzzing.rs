//! What `make fuzz` calls, and the tables of tests.

use crate::completion::Completion;
use crate::endpoint::Protocol;
use crate::error::Error;
use crate::protocol::decoder;
use crate::reader::{Progress, Reader};
use crate::update::Update;

/// Reads a response that comes in these pieces and ends. Returns what it shows meanwhile, too.
///
/// # Errors
/// As for any response.
pub fn read_response<'a>(
    protocol: Protocol,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(String, Completion), Error> {
    let mut reader = Reader::new(decoder(protocol));
    for piece in pieces {
        reader.push(piece)?;
        if reader.progress() == Progress::Complete {
            break;
        }
    }
    reader.finish()?;
    let mut shown = String::new();
    while let Some(update) = reader.next_update() {
        match update {
            Update::Text(text) => shown.push_str(&text),
            Update::Retracted => shown.clear(),
        }
    }
    Ok((shown, reader.into_completion()?))
}
