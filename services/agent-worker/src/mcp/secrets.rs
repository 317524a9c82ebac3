//! What a server is given, and may repeat.

use std::cmp::Reverse;

use crate::http::Key;

/// A variable of a program that is shorter is no secret: without every `1` or `true`, what a server
/// says would make no sense.
const VARIABLE_BYTES_MIN: usize = 8;

/// What a server is given that worlds must not see.
#[derive(Debug, Clone, Default)]
pub(super) struct Secrets(Vec<Key>);

impl Secrets {
    /// The values of these variables.
    pub(super) fn of_variables<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let keys = names.filter_map(Key::read);
        let keys = keys.filter(|key| key.secret().len() >= VARIABLE_BYTES_MIN);
        Self::new(keys.collect())
    }

    pub(super) fn new(mut keys: Vec<Key>) -> Self {
        // A longer one may contain a shorter one.
        keys.sort_by_key(|key| Reverse(key.secret().len()));
        Self(keys)
    }

    /// The text without them, wherever it says them. To be asked before a text is cut: of half a
    /// secret nothing is known.
    pub(super) fn removed_from(&self, text: &str) -> String {
        let keys = self.0.iter();
        keys.fold(text.to_owned(), |text, key| key.removed_from(&text))
    }
}
