//! Why a text is not a world file.

/// Why a text is not a world file, or not a behaviour.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is neither YAML nor JSON, or the value of a field is invalid. The text has the line.
    #[error(transparent)]
    Malformed(Box<dyn std::error::Error + Send + Sync>),
    /// It is YAML, but not a behaviour.
    #[error(transparent)]
    NotBehaviour(Box<dyn std::error::Error + Send + Sync>),
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
    /// A world has no such field. A message ignores fields that it does not know, but a person
    /// mistypes.
    #[error("unknown field {path}")]
    UnknownField {
        /// The path of the field: `entities[0].agent.brian`.
        path: String,
    },
}

impl Error {
    pub(crate) fn malformed(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Malformed(Box::new(error))
    }
}
