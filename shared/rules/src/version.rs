//! The version of the rules.

/// A snapshot that rules of another version made is not used: its world is replayed from its log.
pub const VERSION: u32 = 13;
