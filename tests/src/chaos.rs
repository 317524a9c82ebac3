//! Load on a whole system while faults are put into it, and the count of what went wrong.
//!
//! Start with `campaign` (the rounds of faults), then `fault` (what can go wrong), then `load` (senders and listeners).

mod archive_files;
mod campaign;
mod deck;
mod fault;
mod fault_kind;
mod load;
mod observation;
mod progress;

pub use campaign::{Plan, archived, run};
pub use fault_kind::FaultKind;
pub use load::is_at_rest;
pub use observation::Limits;
pub use progress::Progress;
