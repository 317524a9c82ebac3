//! What users build actions, objects and brains with.

//! It owns how a run of an action is taken from the queue and ended, and what makes that pleasant to
//! write: typed events, objects with typed state, functions that think. It does not know the rules of
//! a world: whatever comes of a run is a command to the world, which takes it once. So a run may
//! happen twice, when a worker dies, but has its effect once.

//! Start with [`Worker::builder`], then [`Event`] and [`Object`]. What they are made of is
//! [`Action`], and `runner.rs`: how an invocation ends in exactly one of ack, retry and dead letter.

mod action;
mod brain;
mod builder;
mod config;
pub mod event;
mod me;
mod metrics;
mod object;
mod place;
mod runner;
mod worker;

pub use action::{Action, Call, Error, Running, action_name};
pub use brain::{Brain, Decision, Thinking};
pub use builder::Builder;
pub use config::{Config, Retry};
pub use contract;
pub use event::Event;
pub use me::{Me, Received};
pub use object::{Kind, Object};
pub use place::Placed;
pub use schemars::{self, JsonSchema};
pub use sdk_derive::Event;
pub use service_kit::CancellationToken;
pub use worker::{Worker, connected};
