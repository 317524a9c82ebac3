//! The door of the gateway for clients of Atoms: a WebSocket on which every frame is one event of a session, a
//! flat JSON object.
//!
//! A connection begins a session with its first frame, or resumes one (`upgrade`, `handshake`). Then its frames
//! become events of the session (`decode`, `event_sender`), and what leaves the flow becomes frames (`encode`).
//! Which events leave, and in which order, is decided by the world and by [`door_kit::SessionProjector`]. Start
//! with `routes`, then `connection`.

mod client_entity;
mod connection;
mod decode;
mod encode;
mod error_frame;
mod event_sender;
mod flat_object;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod handshake;
mod probes;
mod routes;
mod state;
mod target;
mod upgrade;

pub use routes::routes;
pub use state::DefaultFlow;
