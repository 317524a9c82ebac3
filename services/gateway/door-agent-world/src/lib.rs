//! The door of the gateway for clients of Agent World: its REST and SSE interface, over the same commands
//! and events as the native one.
//!
//! It decides nothing that the world decides: which agents answer, what is a mention, when a turn ends. It
//! reads views of a world (`state`), writes them as these clients read them (`views`), and projects
//! events to their envelopes (`projector`). Both the current routes and those of older clients are there,
//! with and without `/api` before them. Start with `routes`.

mod agent_fields;
mod agent_lookup;
mod agents;
mod approval_options;
mod approvals;
mod chat_activity;
mod chat_history;
mod chat_messages;
mod chats;
mod decisions;
mod edits;
mod envelope;
mod error;
mod events;
mod export;
#[cfg(test)]
mod fixtures;
mod hitl_prompt;
mod mcp;
mod mcp_config;
mod memory;
mod messages;
mod middleware;
mod names;
mod open_chat;
mod pending_call;
mod projector;
mod request_bodies;
mod routes;
mod sender;
mod state;
mod tool_entries;
mod tool_permission;
mod turn;
mod turn_stream;
mod validation;
mod views;
mod world;
mod world_variables;
mod worlds;

pub use routes::{routes, routes_without_health};
