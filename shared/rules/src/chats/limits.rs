//! Limits of chats.

/// The longest message. A commit holds it once, and an event of a client that repeats its text twice, within
/// the 384 KiB of a command; a snapshot holds the end of each chat.
pub(super) const TEXT_BYTES_MAX: usize = 128 * 1024;

/// Messages of each chat that the state keeps; the archive has the rest.
pub(super) const TAIL_MESSAGES_MAX: usize = 200;

/// And their texts: an agent is not shown more in any case.
pub(super) const TAIL_BYTES_MAX: usize = 512 * 1024;

/// What an event has of the messages that are left of a chat: it must fit in a commit, beside a new message.
pub(super) const KEPT_BYTES_MAX: usize = 96 * 1024;
