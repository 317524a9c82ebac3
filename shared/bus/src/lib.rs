//! How the services communicate: everything that knows NATS.
//!
//! It owns the connection and a client for each thing that it is used for, and none of the rules: what
//! a commit or a command means is not its business. Every name comes from [`contract::subject`].
//!
//! Start with [`Bus`], which hands out the clients. Then [`Log`] (the one place where facts are kept),
//! [`WorldClient`] and [`Responder`] (the two sides of a request), and [`Delivery`] (which ends in
//! exactly one of ack, retry, reject).

mod append_error;
mod archive_client;
mod attempts;
mod batch_codec;
mod broker_clock;
mod bus;
mod chunked_reply;
mod clock_reader;
mod command_error;
mod config;
mod connection;
mod connection_registry;
mod consumer;
mod custom_action_registry;
mod dead_letter;
mod delivery;
mod error;
mod error_chain;
mod event_headers;
mod event_publisher;
mod json;
mod log;
mod mcp_directory;
mod member_id;
mod membership;
mod monitor;
mod ordered_batch;
mod owners;
mod parts;
mod past_snapshots;
mod provision;
mod pull_subscription;
mod request;
mod request_batcher;
mod reserve;
mod resource;
mod responder;
mod scatter_gather;
mod schedules;
mod signals;
mod snapshots;
mod stream_reader;
mod stream_store;
pub mod trace;
mod weights;
mod work_queue;
mod world_client;
mod world_specs;

pub use append_error::AppendError;
pub use archive_client::ArchiveClient;
pub use bus::Bus;
pub use command_error::CommandError;
pub use config::Config;
pub use connection_registry::{ConnectionRegistry, RemovedWorlds};
pub use consumer::Consumer;
pub use custom_action_registry::CustomActionRegistry;
pub use dead_letter::{DeadLetter, DeadLetters, StoredDeadLetter};
pub use delivery::Delivery;
pub use error::Error;
pub use event_publisher::{CommitNotice, EventPublisher};
pub use log::{
    CommitSubscription, Entry, Live, LiveSubscription, Log, LogEnd, LogStart, PendingAppend,
    READ_COMMITS_MAX, StoredCommit,
};
pub use mcp_directory::McpDirectory;
pub use member_id::MemberId;
pub use membership::{MemberReport, Membership};
pub use monitor::{LogSummary, Monitor, Queue, QueueKind, Replica};
pub use ordered_batch::OrderedReplies;
pub use owners::owned_partitions;
pub use past_snapshots::PastSnapshots;
pub use pull_subscription::PullSubscription;
pub use reserve::Reserve;
pub use resource::Resource;
pub use responder::{
    BatchPosition, IncomingQuery, IncomingRequest, McpRequest, McpRequests, QueryRequests,
    ReplyHandle, Responder, WorldRequests,
};
pub use schedules::Schedules;
pub use signals::{Signal, SignalSubscription, Signals};
pub use snapshots::Snapshots;
pub use stream_reader::{SampleRange, Samples, StreamReader};
pub use stream_store::{
    StreamCopy, StreamExtent, StreamHeader, StreamRestore, StreamStore, bucket_stream,
};
pub use weights::{KeptWeights, Weights};
pub use work_queue::WorkQueue;
pub use world_client::{ViewAt, WorldClient};
pub use world_specs::WorldSpecs;
