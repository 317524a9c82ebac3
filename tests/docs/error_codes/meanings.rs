//! What the codes of the gateway mean, beside those that a rule of a world gives.

use std::collections::BTreeMap;
use std::fs;

use crate::places::repository;

const FILE: &str = "tests/docs/error_codes.txt";

/// The meanings of the codes of each kind of error, by kind and code.
pub(super) struct Meanings(BTreeMap<(String, String), String>);

impl Meanings {
    pub(super) fn read() -> Self {
        let text = fs::read_to_string(repository().join(FILE)).unwrap();
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let meanings = lines.map(|line| {
            let parsed = line.split_once(": ").and_then(|(code, meaning)| {
                let (kind, code) = code.split_once(' ')?;
                Some(((kind.to_owned(), code.to_owned()), meaning.to_owned()))
            });
            parsed.unwrap_or_else(|| panic!("{FILE}: a line is `KIND CODE: MEANING`, not {line:?}"))
        });
        Self(meanings.collect())
    }

    /// Takes the meaning of a code.
    pub(super) fn take(&mut self, kind: &str, code: &str) -> String {
        let meaning = self.0.remove(&(kind.to_owned(), code.to_owned()));
        meaning.unwrap_or_else(|| panic!("{FILE} has no line `{kind} {code}: MEANING`"))
    }

    /// Ends when every meaning was taken: the sources have no code of the others.
    pub(super) fn finish(self) {
        let left: Vec<_> = self.0.into_keys().collect();
        assert!(
            left.is_empty(),
            "{FILE} has codes that no source has: {left:?}"
        );
    }
}
