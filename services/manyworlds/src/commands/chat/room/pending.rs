//! Messages that were typed, and that the log does not have yet.

use std::collections::VecDeque;

/// Messages on their way, oldest first.
#[derive(Default)]
pub(in crate::commands::chat) struct Pending {
    texts: VecDeque<String>,
}

impl Pending {
    /// A message is on its way.
    pub(in crate::commands::chat) fn add(&mut self, text: String) {
        self.texts.push_back(text);
    }

    /// The log has it, or it was refused.
    pub(in crate::commands::chat) fn remove(&mut self, text: &str) {
        if let Some(index) = self.texts.iter().position(|pending| pending == text) {
            self.texts.remove(index);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }
}
