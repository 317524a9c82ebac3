//! Processors that learn.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The most bytes of the weights of a processor: a run that learns reads and stores all of them.
pub const WEIGHTS_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A memory of sequences: it stores which sample followed the last ones, and outputs what followed them
/// most often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Markov {
    /// How many samples decide about the next one.
    #[serde(default = "default_markov_order")]
    #[schema(minimum = 1, maximum = 16, default = 3)]
    pub order: u32,
}

impl Default for Markov {
    fn default() -> Self {
        Self {
            order: default_markov_order(),
        }
    }
}

/// A regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Regression {
    /// What is fitted.
    pub kind: RegressionKind,
    /// How many numbers an input has; as many as the first one that is learned, when absent. Not
    /// autoregressive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub inputs: Option<u32>,
    /// Linear: how many numbers an output has; as many as the first target, when absent. Softmax: how
    /// many classes there are, when they have no names: an output is then the probability of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub outputs: Option<u32>,
    /// Softmax without `outputs`: the names of all classes. Without either, each new target is a new
    /// class. An output is the name of the most probable class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Autoregressive: how many samples decide about the next one.
    #[serde(default = "default_regression_order")]
    #[schema(minimum = 1, maximum = 64, default = 16)]
    pub order: u32,
    /// Linear, softmax: the size of a gradient step. A linear one is divided by 1 plus the squared length
    /// of the input, so that it is stable below 2.
    #[serde(default = "default_learning_rate")]
    #[schema(minimum = 0, default = 0.1)]
    pub learning_rate: f64,
    /// Linear, softmax: how many gradient steps each sample makes.
    #[serde(default = "default_passes")]
    #[schema(minimum = 1, maximum = 100, default = 1)]
    pub passes: u32,
    /// Linear, softmax: the memory of earlier samples; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
    /// Autoregressive: what is added to the diagonal of the normal equations, against noise.
    #[serde(default = "default_ridge")]
    #[schema(minimum = 0, default = 0.000001)]
    pub ridge: f64,
}

/// What a regression fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RegressionKind {
    /// Numbers from numbers, by gradient steps on the squared error.
    Linear,
    /// Classes from numbers, by gradient steps on the cross entropy.
    Softmax,
    /// The next number of a signal from the ones before, by least squares.
    Autoregressive,
}

/// A memory of earlier samples, each as probable as any other to be in it: what was learned first is not
/// forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Replay {
    /// How many samples it holds.
    #[serde(default = "default_replay_samples")]
    #[schema(minimum = 1, maximum = 10_000, default = 200)]
    pub samples: u32,
    /// How many of them are learned again with each new one.
    #[serde(default = "default_replay_per_step")]
    #[schema(minimum = 1, maximum = 100, default = 4)]
    pub per_step: u32,
}

impl Default for Replay {
    fn default() -> Self {
        Self {
            samples: default_replay_samples(),
            per_step: default_replay_per_step(),
        }
    }
}

const fn default_markov_order() -> u32 {
    3
}

const fn default_regression_order() -> u32 {
    16
}

const fn default_learning_rate() -> f64 {
    0.1
}

const fn default_passes() -> u32 {
    1
}

const fn default_ridge() -> f64 {
    1e-6
}

const fn default_replay_samples() -> u32 {
    200
}

const fn default_replay_per_step() -> u32 {
    4
}
