//! The API key of the command line: as it is given, or in a file.

use std::path::Path;

use anyhow::{Context as _, ensure};

/// The key that is `given`, or else the content of the `file`.
///
/// # Errors
/// If the file can't be read, or has no key.
pub(crate) fn api_key(
    given: Option<String>,
    file: Option<&Path>,
) -> anyhow::Result<Option<String>> {
    let given = given.filter(|key| !key.is_empty());
    let Some(file) = file.filter(|_| given.is_none()) else {
        return Ok(given);
    };
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("read the API key in {}", file.display()))?;
    let key = text.trim();
    ensure!(!key.is_empty(), "{} has no API key", file.display());
    Ok(Some(key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_given_goes_before_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "mw-file\n").unwrap();
        for (given, expected) in [
            (None, "mw-file"),
            (Some(""), "mw-file"),
            (Some("mw-given"), "mw-given"),
        ] {
            let key = api_key(given.map(str::to_owned), Some(&file)).unwrap();
            assert_eq!(key.as_deref(), Some(expected));
        }
        assert_eq!(api_key(None, None).unwrap(), None);
    }

    #[test]
    fn a_file_without_a_key_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        api_key(None, Some(&file)).unwrap_err();
        std::fs::write(&file, "\n").unwrap();
        let error = api_key(None, Some(&file)).unwrap_err().to_string();
        assert!(error.ends_with("has no API key"), "{error}");
    }
}
