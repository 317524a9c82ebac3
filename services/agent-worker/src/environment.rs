//! The environment of the process.

/// The value of an environment variable, if it is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "keys, and addresses under their usual names, belong to the process; this is the one \
                  place where they are read"
    )]
    let value = std::env::var(name).ok()?;
    (!value.is_empty()).then_some(value)
}
