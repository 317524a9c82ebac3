//! The files that are embedded.

use crate::encoding::Encoding;

/// A file of the console, in each of its encodings.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Its path, without a slash before it.
    pub(crate) path: &'static str,
    pub(crate) media_type: &'static str,
    /// A hash of its content, in hexadecimal digits.
    pub(crate) etag: &'static str,
    pub(crate) identity: &'static [u8],
    /// Absent when it would not be smaller.
    pub(crate) gzip: Option<&'static [u8]>,
    pub(crate) brotli: Option<&'static [u8]>,
}

// The file that `build.rs` writes.
include!(concat!(env!("OUT_DIR"), "/assets.rs"));

impl Asset {
    /// Its bytes in an encoding, if it has that one.
    pub(crate) fn bytes(&self, encoding: Encoding) -> Option<&'static [u8]> {
        match encoding {
            Encoding::Identity => Some(self.identity),
            Encoding::Gzip => self.gzip,
            Encoding::Brotli => self.brotli,
        }
    }

    /// Its entity tag in an encoding. Encodings are different representations, so each has its own.
    pub(crate) fn entity_tag(&self, encoding: Encoding) -> String {
        match encoding.token() {
            Some(token) => format!("\"{}-{token}\"", self.etag),
            None => format!("\"{}\"", self.etag),
        }
    }

    /// Whether its name has a hash of its content: it never changes.
    pub(crate) fn is_immutable(&self) -> bool {
        self.path.starts_with("assets/")
    }
}
