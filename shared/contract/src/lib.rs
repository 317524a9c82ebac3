//! What the services say to each other: ids, events, commands, invocations, queries, subjects.
//!
//! It owns every message and every name on the broker, and does no I/O: it knows neither NATS nor
//! HTTP nor a database. A message only gains optional fields; a golden file per message (`golden/`)
//! proves that what was written yesterday still parses.
//!
//! Start with [`event`] (what is in a world's log), then [`command`] (how something gets there),
//! then [`subject`] (where each of them travels).

pub mod ability;
pub mod cloud_event;
pub mod command;
pub mod commit;
pub mod entity;
pub mod event;
pub mod fact;
pub mod id;
pub mod mind;
pub mod name;
pub mod query;
pub mod run;
pub mod signal;
pub mod subject;
pub mod timestamp;
pub mod tool;

pub use cloud_event::CloudEvent;
pub use command::{
    Accepted, Command, CommandRequest, Rejection, RejectionCode, Reply, Request, RequestEnvelope,
};
pub use commit::{CommandMark, Commit, Position, Seq};
pub use entity::{AgentConfig, Brain, Chat, Entity, EntityKind, WorldSpec};
pub use event::{Event, EventType, NewEvent, Target};
pub use fact::Fact;
pub use id::{
    ActionName, ApprovalId, ChatId, CommandId, CommitId, EntityId, EventId, MessageId, RunId,
    TimerId, WorldId,
};
pub use run::{Run, RunContext, RunOutcome, Usage};
pub use signal::Chunk;
pub use timestamp::Timestamp;
