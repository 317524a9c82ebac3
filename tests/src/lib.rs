//! A whole system of real processes for tests: started, killed, paused, and counted.
//!
//! Start with [`Cluster`], then [`chaos`].
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that can't have its system can only stop, and prints its counts"
)]

pub mod browser;
pub mod chaos;
pub mod clock;
mod cluster;
mod http;
pub mod oracle;
mod process;

pub use cluster::{Cluster, FaultPoints, Shape};
pub use http::Http;
pub use process::Process;
