//! The door of the gateway for clients of GenWorlds: a WebSocket on which every frame is one event, a
//! flat JSON object.
//!
//! It decides nothing that the world decides. An inbound frame becomes an event of the world (`decode`),
//! and an event of the world a frame (`encode`); `mapping` has the few events that both systems have
//! under different names. A connection acts as entities (`senders`), which it may bring into the world
//! (`client_entities`), and receives what is for them (`audience`). A frame that repeats what was received is no
//! event (`recent_events`).
//! Queries of the state of a world get a reply (`world_replies`) and are no events: they would be most of
//! the log. Start with `routes`, then `handler`.

mod announcement;
mod announcer;
mod audience;
mod chat_with_agent;
mod client_entities;
mod client_entity;
mod connection;
mod decode;
mod encode;
mod error_frame;
mod field_names;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod handler;
mod identity;
mod known_targets;
mod mapping;
mod name_matches;
mod profile;
mod recent_events;
mod request_tracker;
mod resolve;
mod routes;
mod senders;
mod settings;
mod state;
mod upgrade;
mod world_clients;
mod world_replies;

pub use routes::{routes, routes_of_worlds};
pub use settings::Settings;
