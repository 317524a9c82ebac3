//! Builds workers for Manyworlds: objects, brains and actions in Rust.
//!
//! A world never runs code that is slow or not deterministic. It requests *runs* of actions, workers
//! consume them from a queue, and what comes of a run is committed to the world's log together, once.
//! Any number of processes can run the same worker: they share the runs.
//!
//! # What a worker offers
//!
//! - **Objects**: a struct is the state of an object ([`Object`]), and async functions are its
//!   abilities ([`ObjectType`]). An ability is triggered by a typed event ([`Event`], [`Received`])
//!   and gets the object ([`ObjectCtx`]).
//! - **Brains**: a [`Brain`] answers messages for an agent, or takes a [`Decision`] for an agent with
//!   a mind. It gets a [`BrainCtx`].
//! - **Processors**: a [`Processor`] turns the samples that an agent reads into those that it writes, and
//!   may learn. It gets a [`ProcessorStep`] for each.
//! - **Custom actions** of behaviours: async functions that return true or false. They get a
//!   [`BehaviourCtx`], which has the built-in actions as methods.
//! - **Nodes** of flows: a [`Node`] handles the events of sessions, or answers requests in pieces. It gets a
//!   [`NodeCtx`], which sends events, sets variables and calls [`Tools`]. [`NodeHooks`] is a node of functions.
//! - **Actions**: an [`Action`] is any function that worlds request by its name. It gets an
//!   [`ActionCtx`]. Objects and brains are actions too.
//!
//! [`Worker::builder`] puts them together.
//!
//! # Example
//!
//! A counter, of which one exists in the world `lobby`:
//!
//! ```no_run
//! use sdk::{
//!     Error, Event, JsonSchema, Object, ObjectCtx, ObjectType, Placement, Received, Worker, schemars,
//! };
//! use serde::{Deserialize, Serialize};
//!
//! /// Add a number to the counter.
//! #[derive(Serialize, Deserialize, JsonSchema, Event)]
//! #[event(type = "counter.add")]
//! struct Add {
//!     number: u64,
//! }
//!
//! /// The counter has a new value.
//! #[derive(Serialize, Deserialize, JsonSchema, Event)]
//! #[event(type = "counter.changed")]
//! struct Changed {
//!     value: u64,
//! }
//!
//! #[derive(Default, Serialize, Deserialize, JsonSchema)]
//! struct Counter {
//!     value: u64,
//! }
//!
//! impl Object for Counter {
//!     const TYPE: &'static str = "counter";
//! }
//!
//! async fn add(
//!     event: Received<Add>,
//!     mut counter: ObjectCtx<Counter>,
//! ) -> Result<ObjectCtx<Counter>, Error> {
//!     counter.state.value += event.number;
//!     let value = counter.state.value;
//!     counter.send(&Changed { value })?;
//!     Ok(counter)
//! }
//!
//! fn main() -> anyhow::Result<()> {
//!     let counters = ObjectType::default().ability("add", add);
//!     let first = Placement::new("counter", Counter::default());
//!     Worker::builder().object(counters, [("lobby", first)]).main()
//! }
//! ```
//!
//! # How often a run happens
//!
//! A run may be attempted more than once, for instance when a worker is killed, and takes effect in
//! its world once: the state, the events and the messages of one attempt are committed, or none.
//! What an action does elsewhere should be idempotent. [`ActionCtx::claim`] guards what must not happen
//! twice.
//!
//! An attempt ends with a result or an [`Error`]: [`Error::Transient`] is retried after a pause,
//! [`Error::Failed`] is not. A panic is retried. A run that no attempt completes fails, and becomes a
//! dead letter.
//!
//! The code of users runs on threads of its own ([`Action::never_blocks`]): what blocks there delays no other
//! run, as long as the action has a free slot.
//!
//! # Configuration
//!
//! [`Builder::main`] reads a [`Config`] from the file that `MANYWORLDS_CONFIG` names and from
//! `MANYWORLDS_*` variables: `MANYWORLDS_NATS__URL` sets `nats.url`. A process serves `/livez`,
//! `/readyz` and `/metrics`, and at shutdown waits for the runs in progress.
//!
//! # Tests
//!
//! With the feature `testing`, `sdk::testing` has worlds in memory, in which the code of a worker runs
//! without a server.
//!
//! # Where to read on
//!
//! The crate owns how runs are consumed, executed and ended. It does not know the rules of a world.
//! Its internals start in `runner.rs`;
//! `connection.rs` is all that they know of a world.

mod action;
mod action_ctx;
mod agent_calls;
mod backoff;
mod behaviour_ctx;
mod brain;
mod brain_action;
mod brain_ctx;
mod builder;
mod built_in_actions;
mod built_in_call;
mod config;
mod connection;
mod custom_action;
mod decision;
mod error;
mod event;
mod function_tool;
mod metrics;
mod node;
mod node_action;
mod node_ctx;
mod node_event;
mod node_hooks;
mod node_report;
mod node_tools;
mod node_writer;
mod object;
mod object_action;
mod object_ctx;
mod object_type;
mod placement;
mod processor;
mod processor_action;
mod processor_step;
mod provision;
mod received;
mod registration;
mod runner;
mod sample_batch;
mod sent_text;
#[cfg(feature = "testing")]
pub mod testing;
mod user_code;
mod worker;

pub use action::{Action, RunFuture};
pub use action_ctx::ActionCtx;
pub use backoff::Backoff;
pub use behaviour_ctx::BehaviourCtx;
pub use brain::Brain;
pub use brain_ctx::BrainCtx;
pub use builder::Builder;
pub use built_in_call::BuiltInCall;
pub use config::Config;
pub use contract;
pub use contract::flow::TranscriptMessage;
pub use decision::Decision;
pub use error::Error;
pub use event::{Event, EventError};
pub use function_tool::{FunctionCall, FunctionResult, FunctionTool, Tools};
pub use node::Node;
pub use node_ctx::NodeCtx;
pub use node_event::{IntoFlowEvent, NodeEvent};
pub use node_hooks::NodeHooks;
pub use object::Object;
pub use object_ctx::ObjectCtx;
pub use object_type::ObjectType;
pub use placement::Placement;
pub use processor::Processor;
pub use processor_step::ProcessorStep;
pub use received::Received;
pub use sample_batch::SampleBatch;
pub use schemars::{self, JsonSchema};
pub use sdk_derive::Event;
pub use service_kit::CancellationToken;
pub use worker::{Worker, run_connected};
