//! What the decoders of all protocols share.

use crate::delta::Delta;
use crate::error::Error;
use crate::framing::Frame;

/// A decoder of responses: frames in, deltas out.
pub(crate) trait Decoder {
    /// Decodes a frame of a streamed response, or a complete response.
    ///
    /// # Errors
    /// When the frame is not of the protocol, or reports an error.
    fn decode(&mut self, frame: &Frame, deltas: &mut Vec<Delta>) -> Result<(), Error>;
}

/// The error of a frame that is not JSON.
pub(crate) fn not_json(frame: &Frame) -> Error {
    let data = crate::error::excerpt(&frame.data);
    Error::malformed(format!(
        "the response of the model server is malformed: {data}"
    ))
}
