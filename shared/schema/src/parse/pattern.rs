//! Compiles patterns within limits.

use regex::RegexBuilder;

use super::error::InvalidSchema;
use super::location::Location;
use super::parser::Parser;
use crate::node::Pattern;

/// The most patterns of a document: each takes up to [`COMPILED_SIZE_BYTES_MAX`].
const PATTERNS_MAX: usize = 64;
/// The longest pattern: longer ones are unreadable.
const SIZE_BYTES_MAX: usize = 1024;
/// The memory limits of a compiled pattern and of the cache of its matcher: `\w{64}` fits; a pattern
/// that is designed to use up memory does not.
const COMPILED_SIZE_BYTES_MAX: usize = 1024 * 1024;

impl Parser {
    pub(super) fn pattern(
        &mut self,
        text: &str,
        location: &Location,
    ) -> Result<Pattern, InvalidSchema> {
        self.patterns += 1;
        if self.patterns > PATTERNS_MAX {
            let reason = format!("is one pattern too many: at most {PATTERNS_MAX} are allowed");
            return Err(location.invalid(reason));
        }
        if text.len() > SIZE_BYTES_MAX {
            let reason = format!("is a pattern of more than {SIZE_BYTES_MAX} bytes");
            return Err(location.invalid(reason));
        }
        RegexBuilder::new(text)
            .size_limit(COMPILED_SIZE_BYTES_MAX)
            .dfa_size_limit(COMPILED_SIZE_BYTES_MAX)
            .build()
            .map(Pattern)
            .map_err(|error| {
                location.invalid(format!("is not a pattern that is known here: {error}"))
            })
    }
}
