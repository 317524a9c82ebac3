//! Keys and other secrets.

use std::fmt;

/// A key or another secret. It is never displayed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// The value of an environment variable, if it is set and not empty.
    pub(crate) fn from_variable(name: &str) -> Option<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "secrets belong to the process; this is the one place where they are read"
        )]
        let value = std::env::var(name).ok()?;
        (!value.is_empty()).then_some(Self(value))
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
