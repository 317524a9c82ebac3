//! Why a text is not a world file.

use std::fmt;

use crate::fault::Fault;

/// Why a text is not a world file, or not a behaviour.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is neither YAML nor JSON.
    #[error("{0}")]
    Malformed(Fault),
    /// It is YAML, but not a behaviour.
    #[error("{0}")]
    NotBehaviour(Fault),
    /// It is YAML, but not a world: all that is wrong with it, in the order of the text.
    #[error("{}", Joined(.0))]
    Invalid(Vec<Fault>),
    /// The file of a stream can't be its samples.
    #[error("{field}: {detail}")]
    Samples {
        /// The path of the field: `streams.sensor:readings.generator.file.path`.
        field: String,
        /// What is wrong.
        detail: String,
        /// Why the file was not read, if it was not.
        source: Option<std::io::Error>,
    },
}

impl Error {
    /// All that is wrong, each with its place.
    pub fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Malformed(fault) | Self::NotBehaviour(fault) => vec![fault.clone()],
            Self::Invalid(faults) => faults.clone(),
            Self::Samples {
                field,
                detail,
                source,
            } => {
                let cause = source.as_ref().map(|source| format!(": {source}"));
                vec![Fault {
                    path: field.clone(),
                    position: None,
                    reason: format!("{detail}{}", cause.unwrap_or_default()),
                }]
            }
        }
    }
}

struct Joined<'a>(&'a [Fault]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let separator = if index > 0 { "\n" } else { "" };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}
