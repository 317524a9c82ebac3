//! The native door of the gateway: REST, SSE and WebSocket under `/v1`.
//!
//! Its bodies, queries and responses are in [`contract::http`], which clients share. Start with `routes`,
//! then `messages` (how a message reaches a world, and its answers the client).

mod actions;
mod approvals;
mod badges;
mod behaviours;
mod body_limit;
mod changes;
mod chats;
mod cloud_events;
mod command_sender;
mod dead_letters;
mod decode_frame;
mod entities;
mod event_format;
mod event_types;
mod events;
mod flows;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod interactions;
mod message_edits;
mod messages;
mod parsed_events;
mod part;
mod responses;
mod roster;
mod routes;
mod runs;
mod samples;
mod session_events;
mod sessions;
mod socket;
mod state;
mod stream;
mod streams;
mod system;
mod timers;
mod tool_servers;
mod turn;
mod turn_stream;
mod usage;
mod world_state;
mod worlds;

pub use body_limit::limit_body;
pub use routes::routes;
