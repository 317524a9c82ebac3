//! Configuration: defaults, then a TOML file, then the environment. Read once, in `main`.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// The prefix of every variable. `MANYWORLDS_NATS__URL` sets `nats.url`.
const PREFIX: &str = "MANYWORLDS";
/// The variable that names the file.
const FILE_VARIABLE: &str = "MANYWORLDS_CONFIG";

/// Variables of the command-line client: they may be set in the shell that starts a service.
const CLIENT_VARIABLES: [&str; 2] = ["MANYWORLDS_URL", "MANYWORLDS_API_KEY"];

/// An error of the configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value or a name is invalid; the source names it.
    #[error("read the configuration{}", in_file(file.as_deref()))]
    Invalid {
        /// The file, if there is one.
        file: Option<PathBuf>,
        /// The cause.
        source: config::ConfigError,
    },
}

fn in_file(file: Option<&Path>) -> String {
    file.map(|file| format!(" ({} and MANYWORLDS_*)", file.display()))
        .unwrap_or_default()
}

/// Reads the configuration from the file in `MANYWORLDS_CONFIG`, if it is set, and from the
/// variables `MANYWORLDS_*`.
///
/// # Errors
/// [`Error::Invalid`] names the field that is unknown or invalid.
pub fn load<C: DeserializeOwned>() -> Result<C, Error> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where variables are read"
    )]
    let file = std::env::var(FILE_VARIABLE).ok().map(PathBuf::from);
    let environment = std::env::vars().filter(|(name, _)| is_field_variable(name));
    load_from(file.as_deref(), environment.collect())
}

/// Whether a variable sets a field; others with [`PREFIX`] have other readers.
fn is_field_variable(name: &str) -> bool {
    name != FILE_VARIABLE && !CLIENT_VARIABLES.contains(&name)
}

/// Reads the configuration from a file and from variables.
///
/// # Errors
/// [`Error::Invalid`] names the field that is unknown or invalid.
pub fn load_from<C: DeserializeOwned>(
    file: Option<&Path>,
    environment: std::collections::HashMap<String, String>,
) -> Result<C, Error> {
    let invalid = |source| Error::Invalid {
        file: file.map(Path::to_owned),
        source,
    };
    let mut builder = config::Config::builder();
    if let Some(file) = file {
        builder = builder.add_source(config::File::from(file).format(config::FileFormat::Toml));
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
        .map_err(invalid)
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
    fn variables_of_the_client_are_no_fields() {
        for name in ["MANYWORLDS_CONFIG", "MANYWORLDS_URL", "MANYWORLDS_API_KEY"] {
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
