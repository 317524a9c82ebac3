//! The SDK of Manyworlds: workers with objects, brains, nodes of flows, processors and actions in Rust.
//!
//! A world never runs code that is slow or not deterministic. It requests a *run* of an action; a worker takes the
//! run from a queue, and what comes of it is committed to the world's log together, once. Start the same worker as
//! often as you like: its processes share the runs.
//!
//! # What you write
//!
//! | you write | it is | it gets | register it with |
//! |---|---|---|---|
//! | a struct with [`derive(Event)`](macro@Event) | a type of events, with its JSON Schema | | the functions that use it |
//! | a struct that is an [`Object`], and async functions | an object with state, and its abilities ([`ObjectType`]) | [`Received`], [`ObjectCtx`] | [`Builder::object`] |
//! | an async function, or a [`Brain`] | what answers messages for an agent, or takes a [`Decision`] for an agent with a mind | [`BrainCtx`] | [`Builder::brain`] |
//! | a [`Node`], or [`NodeHooks`] of functions | what handles the events of a session, or answers requests in pieces | [`NodeCtx`], [`Tools`] | [`Builder::node`] |
//! | a [`Processor`] | what turns samples into others, and may learn | [`ProcessorStep`] | [`Builder::processor`] |
//! | an async function that returns true or false | a custom action of behaviours | [`BehaviourCtx`] | [`Builder::custom_action`] |
//! | an [`Action`] | any function that worlds request by its name | [`ActionCtx`] | [`Builder::action`] |
//!
//! [`Worker::builder`] puts them together, and [`Builder::main`] is the `main` function of a worker.
//!
//! # An object
//!
//! A counter, of which one exists in the world `lobby`:
//!
//! ```no_run
//! use manyworlds_sdk::{
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
//! # A brain
//!
//! For agents whose brain is `{function: {action: parrot}}` in their world's file:
//!
//! ```no_run
//! use manyworlds_sdk::{BrainCtx, Error, Worker};
//!
//! async fn parrot(mut ctx: BrainCtx) -> Result<String, Error> {
//!     // Clients with a stream get pieces of the answer while it is made.
//!     ctx.publish_chunk("You wrote: ").await;
//!     Ok(format!("You wrote: {}", ctx.text()))
//! }
//!
//! fn main() -> anyhow::Result<()> {
//!     Worker::builder().brain("parrot", parrot).main()
//! }
//! ```
//!
//! [`Brain`] has an example of an agent that acts by itself, [`Decision`] what it can do, and [`Action`] an action
//! without any of this.
//!
//! # How often a run happens
//!
//! A run may be attempted more than once, for instance when a worker is killed, and takes effect in
//! its world once: the state, the events and the messages of one attempt are committed, or none.
//! What an action does elsewhere should be idempotent. [`ActionCtx::claim`] guards what must not happen
//! twice.
//!
//! | an attempt ends with | the run |
//! |---|---|
//! | a result | completes, unless it breaks a rule of the world: then it fails with `result_refused` |
//! | [`Error::Failed`] | fails with this code, and becomes a dead letter |
//! | [`Error::Transient`], or a panic | is attempted again after a pause; after the last attempt it fails |
//! | nothing before its deadline | fails |
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
//! With the feature `testing`, `manyworlds_sdk::testing` has worlds in memory, in which the code of a worker runs
//! without a server, by the rules of a real world and with a clock of its own.
//!
//! # Where to read on
//!
//! - `docs/sdk.md` of the repository: nodes and tools at length, and a test.
//! - `shared/sdk/examples`: whole workers, from a counter to a help desk.
//! - `docs/world-files.md`: how a world names what a worker offers.
//!
//! The crate owns how runs are consumed, executed and ended. It does not know the rules of a world. Its internals start
//! in `runner.rs`; `connection.rs` is all that they know of a world.

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
