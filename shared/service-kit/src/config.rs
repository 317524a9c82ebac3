//! Configuration: defaults, then TOML files, then the environment. Read once, in `main`.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// The prefix of every variable. `MANYWORLDS_NATS__URL` sets `nats.url`.
const PREFIX: &str = "MANYWORLDS";
/// The variable that names the files, as `PATH` names folders.
const FILES_VARIABLE: &str = "MANYWORLDS_CONFIG";

/// Variables of the command-line client: they may be set in the shell that starts a service.
const CLIENT_VARIABLES: [&str; 3] = [
    "MANYWORLDS_URL",
    "MANYWORLDS_API_KEY",
    "MANYWORLDS_API_KEY_FILE",
];

/// An error of the configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value or a name is invalid; the source names it.
    #[error("read the configuration{}", in_files(files))]
    Invalid {
        /// The files.
        files: Vec<PathBuf>,
        /// The cause.
        source: config::ConfigError,
    },
}

fn in_files(files: &[PathBuf]) -> String {
    let names: Vec<_> = files.iter().map(|file| file.to_string_lossy()).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!(" ({} and MANYWORLDS_*)", names.join(", ")),
    }
}

/// Reads the configuration from the files in `MANYWORLDS_CONFIG`, if it is set, and from the
/// variables `MANYWORLDS_*`. Several files are joined by colons; what a later one sets counts.
///
/// # Errors
/// [`Error::Invalid`] names the field that is unknown or invalid.
pub fn load<C: DeserializeOwned>() -> Result<C, Error> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where variables are read"
    )]
    let names = std::env::var(FILES_VARIABLE).unwrap_or_default();
    let environment = std::env::vars().filter(|(name, _)| is_field_variable(name));
    let files = files(&names);
    load_from(files.iter().map(PathBuf::as_path), environment.collect())
}

/// The files that a value of [`FILES_VARIABLE`] names.
fn files(names: &str) -> Vec<PathBuf> {
    std::env::split_paths(names)
        .filter(|file| !file.as_os_str().is_empty())
        .collect()
}

/// Whether a variable sets a field; others with [`PREFIX`] have other readers.
fn is_field_variable(name: &str) -> bool {
    name != FILES_VARIABLE && !CLIENT_VARIABLES.contains(&name)
}

/// Reads the configuration from files, of which a later one goes before an earlier one, and from variables.
///
/// # Errors
/// [`Error::Invalid`] names the field that is unknown or invalid.
pub fn load_from<'a, C: DeserializeOwned>(
    files: impl IntoIterator<Item = &'a Path>,
    environment: std::collections::HashMap<String, String>,
) -> Result<C, Error> {
    let files: Vec<PathBuf> = files.into_iter().map(Path::to_owned).collect();
    let mut builder = config::Config::builder();
    for file in &files {
        builder =
            builder.add_source(config::File::from(file.as_path()).format(config::FileFormat::Toml));
    }
    let environment = config::Environment::with_prefix(PREFIX)
        .prefix_separator("_")
        .separator("__")
        .try_parsing(true)
        .source(Some(environment));
    builder
        .add_source(environment)
        .build()
        .and_then(config::Config::try_deserialize)
        .map_err(|source| Error::Invalid { files, source })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::io::Write;

    use serde::Deserialize;

    use super::*;
    use crate::ErrorChain;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Example {
        nats: Nats,
        slots_max: usize,
    }

    impl Default for Example {
        fn default() -> Self {
            Self {
                nats: Nats::default(),
                slots_max: 16,
            }
        }
    }

    #[derive(Debug, PartialEq, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Nats {
        url: String,
    }

    fn environment(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_environment_overrides_the_file_and_the_file_the_defaults() {
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        writeln!(file, "slots_max = 3\n[nats]\nurl = 'from the file'").unwrap();
        let variables = environment(&[("MANYWORLDS_NATS__URL", "nats://x"), ("PATH", "/bin")]);
        let config: Example = load_from(Some(file.path()), variables).unwrap();
        assert_eq!(
            config,
            Example {
                nats: Nats {
                    url: "nats://x".into()
                },
                slots_max: 3
            }
        );
    }

    #[test]
    fn a_later_file_overrides_an_earlier_one_and_keeps_what_it_does_not_set() {
        let mut settings = tempfile::NamedTempFile::new().unwrap();
        writeln!(settings, "slots_max = 3\n[nats]\nurl = 'nats://settings'").unwrap();
        let mut secrets = tempfile::NamedTempFile::new().unwrap();
        writeln!(secrets, "nats.url = 'nats://secrets'").unwrap();
        let names = [settings.path(), Path::new(""), secrets.path()].map(Path::as_os_str);
        let files = files(names.join(std::ffi::OsStr::new(":")).to_str().unwrap());
        assert_eq!(files, [settings.path(), secrets.path()]);
        let files = files.iter().map(PathBuf::as_path);
        let config: Example = load_from(files, HashMap::new()).unwrap();
        assert_eq!(config.slots_max, 3);
        assert_eq!(config.nats.url, "nats://secrets");
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let files = [Path::new("a.toml"), Path::new("b.toml")];
        let error = load_from::<Example>(files, HashMap::new()).unwrap_err();
        let error = ErrorChain(&error).to_string();
        assert!(error.contains("(a.toml, b.toml and"), "{error}");
    }

    #[test]
    fn variables_of_the_client_are_no_fields() {
        for name in ["MANYWORLDS_CONFIG", "MANYWORLDS_URL"] {
            assert!(!is_field_variable(name), "{name}");
        }
        for name in ["MANYWORLDS_API_KEY", "MANYWORLDS_API_KEY_FILE"] {
            assert!(!is_field_variable(name), "{name}");
        }
        for name in ["MANYWORLDS_NATS__URL", "MANYWORLDS_API_KEYS[0]"] {
            assert!(is_field_variable(name), "{name}");
        }
    }

    #[test]
    fn a_mistyped_variable_is_named() {
        let variables = environment(&[("MANYWORLDS_NATS__ULR", "nats://x")]);
        let error = load_from::<Example>(None, variables).unwrap_err();
        assert!(
            ErrorChain(&error).to_string().contains("ulr"),
            "{}",
            ErrorChain(&error)
        );
    }
}
