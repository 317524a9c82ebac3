//! How long a title is, and what a chat is called without one.

/// The name of a chat of which nothing is known.
pub(crate) const NEW_CHAT: &str = "New Chat";
/// The longest title that a list of chats shows in full.
pub(super) const TITLE_CHARACTERS_MAX: usize = 100;
/// What shows that a title was cut.
pub(super) const ELLIPSIS: &str = "...";

/// A title that a list of chats shows in full.
pub(super) fn shortened(title: String) -> String {
    if title.chars().count() <= TITLE_CHARACTERS_MAX {
        return title;
    }
    let kept = TITLE_CHARACTERS_MAX - ELLIPSIS.len();
    let beginning: String = title.chars().take(kept).collect();
    beginning + ELLIPSIS
}
