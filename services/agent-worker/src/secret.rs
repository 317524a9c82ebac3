//! Keys and other secrets.

use std::fmt;

use crate::environment::variable;

/// A key or another secret. It is never displayed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(value: String) -> Self {
        Self(value)
    }

    /// The value of an environment variable, if it is set and not empty.
    pub(crate) fn from_variable(name: &str) -> Option<Self> {
        variable(name).map(Self)
    }

    /// The value, for the server that it is for.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Removes the secret from a text.
    pub(crate) fn redact(&self, text: &str) -> String {
        text.replace(&self.0, "[key]")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_displayed() {
        let secret = Secret("sk-secret".into());
        assert_eq!(format!("{secret:?}"), "[key]");
        assert_eq!(secret.redact("bad key sk-secret!"), "bad key [key]!");
    }
}
