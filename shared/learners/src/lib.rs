//! Processors that learn: weights in, weights and predictions out.
//!
//! It owns the numerics and the format of weights. It does no I/O, and has neither a clock nor randomness:
//! the same weights and samples make the same bytes on every machine, in however many runs they come. So
//! nothing here uses what depends on the machine, such as the exponential function of its C library, or
//! matrix products that choose their instructions at run time.
//!
//! Start with [`Learner`]; then `markov.rs`, `autoregression.rs`, `linear.rs` and `softmax.rs`, each a
//! learner of its own.

mod affine;
mod autoregression;
mod codec;
mod error;
mod learner;
mod linear;
mod markov;
mod numbers;
mod replay;
mod softmax;
mod step;

pub use error::Error;
pub use learner::Learner;
pub use step::{Learned, Step};
