//! The secrets of an MCP server.

use std::cmp::Reverse;

use crate::secret::Secret;

/// A shorter variable is not treated as a secret: without every `1` or `true`, the text of a server
/// would be unreadable.
const VARIABLE_BYTES_MIN: usize = 8;

/// The secrets that a server gets: worlds must not see them.
#[derive(Debug, Clone, Default)]
pub(super) struct Secrets(Vec<Secret>);

impl Secrets {
    /// The values of environment variables.
    pub(super) fn of_variables<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let secrets = names.filter_map(Secret::from_variable);
        let secrets = secrets.filter(|secret| secret.expose().len() >= VARIABLE_BYTES_MIN);
        Self::new(secrets.collect())
    }

    pub(super) fn new(mut secrets: Vec<Secret>) -> Self {
        // Longest first: one may contain another.
        secrets.sort_by_key(|secret| Reverse(secret.expose().len()));
        Self(secrets)
    }

    /// Removes the secrets from a text, which must not be truncated yet: a part of a secret is not
    /// recognized.
    pub(super) fn redact(&self, text: &str) -> String {
        let secrets = self.0.iter();
        secrets.fold(text.to_owned(), |text, secret| secret.redact(&text))
    }
}
