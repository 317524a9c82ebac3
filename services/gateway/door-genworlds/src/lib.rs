//! The door of the gateway for clients of GenWorlds: a WebSocket on which every frame is one event, a
//! flat JSON object.
//!
//! It decides nothing that the world decides. An inbound frame becomes an event of the world (`decode`),
//! and an event of the world a frame (`encode`); `mapping` has the few events that both systems have
//! under different names. A connection has one identity (`identity`), and receives what is for it.
//! Queries of the state of a world get a reply (`world_replies`) and are no events: they would be most of
//! the log. Start with `routes`, then `handler`.

mod chat_with_agent;
mod connection;
mod decode;
mod encode;
mod error_frame;
mod handler;
mod identity;
mod known_targets;
mod mapping;
mod name_matches;
mod profile;
mod request_tracker;
mod resolve;
mod routes;
mod state;
mod upgrade;
mod world_replies;

pub use routes::{routes, routes_of_worlds};
