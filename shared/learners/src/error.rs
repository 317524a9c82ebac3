//! Why a learner has no output.

/// Why a learner has no output, or no weights.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A sample is not what the learner reads.
    #[error("{0}")]
    InvalidSample(String),
    /// There is nothing to learn from: no expected output.
    #[error("a regression learns from expected outputs: bind a stream to stdtar")]
    NoTarget,
    /// A target is none of the classes.
    #[error("{0} is none of the classes")]
    UnknownClass(String),
    /// The weights were learned with another configuration of the processor.
    #[error("the weights do not fit the processor: {0}")]
    Mismatch(String),
    /// The weights can't be read.
    #[error("malformed weights: {0}")]
    Malformed(&'static str),
    /// The weights are larger than they may be.
    #[error("the weights have {bytes} bytes: at most {max} are stored")]
    TooLarge {
        /// How large they are.
        bytes: usize,
        /// How large they may be.
        max: usize,
    },
    /// The numbers have grown beyond all limits.
    #[error("the weights are no finite numbers any more: learn more slowly, or scale the samples")]
    Diverged,
}

impl Error {
    /// A word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidSample(_) => "invalid_sample",
            Self::NoTarget => "no_targets",
            Self::UnknownClass(_) => "unknown_class",
            Self::Mismatch(_) => "weights_mismatch",
            Self::Malformed(_) => "malformed_weights",
            Self::TooLarge { .. } => "weights_too_large",
            Self::Diverged => "diverged",
        }
    }
}
