//! Parses schemas: the only way to create one.

mod chains;
mod error;
mod keyword;
mod location;
mod parser;
mod pattern;
mod reference;

use serde_json::Value;
use serde_json::value::RawValue;

pub use self::error::InvalidSchema;
use self::parser::Parser;
use crate::schema::Schema;

/// The longest schema: as long as the longest event. A world keeps every version of its schemas.
const SIZE_BYTES_MAX: usize = 64 * 1024;

impl Schema {
    /// Parses a schema of draft 2020-12, of at most 64 KiB.
    ///
    /// `$ref` stays within the document (`#/$defs/Price`). `format` is an annotation and is not
    /// checked. `pattern` is a regular expression without look-around and back-references, so that
    /// it matches in linear time. An unknown keyword is an error, unless its name begins with `x-`:
    /// a misspelt keyword must not allow everything.
    ///
    /// # Errors
    /// [`InvalidSchema`]: the first error that was found.
    pub fn parse(document: &RawValue) -> Result<Self, InvalidSchema> {
        let size = document.get().len();
        if size > SIZE_BYTES_MAX {
            let reason = format!("has {size} bytes; at most {SIZE_BYTES_MAX} are allowed");
            return Err(InvalidSchema::new("", reason));
        }
        let document: Value = serde_json::from_str(document.get())
            .map_err(|error| InvalidSchema::new("", format!("can't be read: {error}")))?;
        let mut parser = Parser::default();
        parser.schema(&document, "", 0)?;
        reference::resolve(&mut parser)?;
        chains::check(&parser.nodes, &parser.pointers)?;
        Ok(Self::new(parser.nodes))
    }
}
