//! How the services talk: NATS, the log, the work queue, members, timers, trace context.
//!
//! It owns everything that knows `async-nats`, and none of the rules: what a commit or a command
//! means is not its business. Every name comes from [`contract::subject`].
//!
//! Start with [`Bus`], then [`log`] (the one place where facts are kept) and [`queue`] (deliveries
//! that end in exactly one of ack, retry, reject).

mod batch_codec;
mod bus;
mod claims;
mod commands;
mod commits;
mod dead;
mod error;
mod events;
mod lanes;
pub mod log;
mod members;
mod parts;
mod pulls;
mod queries;
pub mod queue;
mod requests;
mod servers;
mod snapshots;
mod timers;
pub mod trace;

pub use bus::{Bus, Config};
pub use commits::{Commits, Stored};
pub use dead::DeadLetter;
pub use error::{AppendError, Error};
pub use events::{CommitNotice, Signal, Signals};
pub use members::{MemberId, Membership};
pub use pulls::Pulls;
pub use queries::{Asked, Queries};
pub use queue::{Consumer, Delivery};
pub use requests::{Answer, Incoming, Requests};
pub use servers::{Resource, ServerRequest, ServerRequests, Told};
