//! Tests of workers without a server: a world in memory, with the rules of a real one.
//!
//! A [`TestWorld`] applies a world file, takes events, messages and commands, and executes the runs that
//! follow with the code of a [`Worker`](crate::Worker). Nothing is simulated but the transport: the
//! rules decide as in a world service, and an attempt at a run has the same limits, retries and
//! rejections as in a worker.
//!
//! # Example
//!
//! The whole test of an action. As a test it is an `async fn` under
//! `#[tokio::test(start_paused = true)]`.
//!
//! ```
//! use manyworlds_sdk::contract::{ActionName, run::RunResult};
//! use manyworlds_sdk::testing::TestWorld;
//! use manyworlds_sdk::{Action, ActionCtx, Config, Error, RunFuture, Worker};
//!
//! struct Double(ActionName);
//!
//! impl Action for Double {
//!     fn name(&self) -> &ActionName {
//!         &self.0
//!     }
//!     fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
//!         Box::pin(async move {
//!             let number = ctx.request().arguments.as_deref().and_then(|n| n.get().parse().ok());
//!             let number: u64 = number.ok_or(Error::failed("not_a_number", "give me a number"))?;
//!             let output = serde_json::value::to_raw_value(&(number * 2)).ok();
//!             Ok(RunResult { output, ..RunResult::default() })
//!         })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> anyhow::Result<()> {
//! let worker = Worker::builder().action(Double("double".parse()?)).build(Config::default())?;
//! let mut world = TestWorld::from_world_file("{id: lab, entities: [{id: abacus, kind: object}]}")?;
//! world.request_action("abacus", "double", &21)?;
//! world.run(&worker).await?;
//! assert_eq!(world.outputs::<u64>()?, [42]);
//! # Ok(())
//! # }
//! ```
//!
//! # Flows
//!
//! [`TestWorld::start_session`] begins a session as a client does, [`request_answer`] and [`send_in_session`]
//! send its events, and [`frames`] has what the client gets. Nodes run with [`run`], one event after the other,
//! so that nothing can be interrupted while it runs.
//!
//! [`request_answer`]: TestWorld::request_answer
//! [`send_in_session`]: TestWorld::send_in_session
//! [`frames`]: TestWorld::frames
//! [`run`]: TestWorld::run
//!
//! # Time
//!
//! The clock of the world starts on 2030-01-01 and stands still until [`TestWorld::advance`], or a pause
//! before a retry, advances it. Ids and times are the same in each run of a test. What an action waits
//! for by itself is tokio's time: start it paused, and `sleep` costs nothing.
//!
//! # Limits
//!
//! Runs are executed one after the other. There is no archive: [`ActionCtx::received_events`] returns
//! what is in the log of the world. The built-in actions of the agent worker, such as `respond`, are not
//! part of the SDK: their runs wait until a worker with an action of that name takes them.
//!
//! [`ActionCtx::received_events`]: crate::ActionCtx::received_events

mod error;
mod inspect;
mod sessions;
mod test_world;

pub use error::Error;
pub use test_world::TestWorld;
