//! The messages between the services: ids, events, commands, runs, queries, subjects.
//!
//! It owns every message and every name on the broker, and the bodies of the native HTTP interface
//! ([`http`]). It does no I/O: it knows neither NATS nor an HTTP server nor a database. A message only
//! gains optional fields; a golden file per message (`golden/`)
//! proves that what was written yesterday still parses.
//!
//! Start with [`event`] (what is in a world's log), then [`command`] (how something gets there),
//! then [`subject`] (where each of them travels).

pub mod ability;
mod ability_call;
pub mod action;
pub mod behaviour;
pub mod brain;
pub mod chat;
pub mod cloud_event;
pub mod command;
pub mod commit;
mod dispatch;
pub mod entity;
mod entity_update;
pub mod event;
pub mod event_type;
pub mod fact;
pub mod fact_kind;
pub mod flow;
pub mod http;
pub mod id;
pub mod interaction;
pub mod mind;
pub mod name;
mod presence;
pub mod processor;
pub mod purpose;
mod purpose_kind;
pub mod query;
pub mod quota;
mod rejection;
pub mod run;
mod seconds;
pub mod signal;
pub mod stream;
pub mod subject;
mod target;
pub mod timestamp;
pub mod tool;
pub mod type_pattern;
mod usage;
pub mod view;
pub mod world;
mod world_update;

pub use brain::Brain;
pub use chat::Chat;
pub use cloud_event::CloudEvent;
pub use command::{Accepted, Command, CommandRequest, Reply, Request, RequestEnvelope};
pub use commit::{CommandMark, Commit, Position, Seq};
pub use entity::{AgentConfig, Entity, EntityKind};
pub use event::{Event, NewEvent};
pub use event_type::EventType;
pub use fact::Fact;
pub use fact_kind::FactKind;
pub use id::{
    ActionName, ApprovalId, ChatId, CommandId, CommitId, EntityId, EventId, FlowId, GatewayId,
    InteractionId, MessageId, NodeId, RoleName, RunId, SessionId, StreamName, TimerId, WorldId,
};
pub use presence::{EntitiesConnected, EntitiesDisconnected, PresenceEnded};
pub use purpose::Purpose;
pub use purpose_kind::PurposeKind;
pub use quota::{LogSize, Quota};
pub use rejection::{Rejection, RejectionCause, RejectionCode};
pub use run::{Run, RunContext, RunOutcome};
pub use signal::Chunk;
pub use stream::{Sample, StreamRef, StreamType};
pub use target::{InvalidTarget, Target};
pub use timestamp::Timestamp;
pub use type_pattern::TypePattern;
pub use usage::{Cost, Currency, InvalidCurrency, Usage};
pub use world::WorldSpec;
