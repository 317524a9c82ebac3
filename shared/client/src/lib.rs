//! A typed HTTP client of the native door: REST and server-sent events under `/v1`.
//!
//! It owns how requests are sent, repeated and decoded, and how event streams resume. It does not know
//! what the bodies mean: they are those of [`contract::http`]. It knows neither the services nor the
//! broker. The WebSocket of the native door is not part of it.
//!
//! Start with [`Client`], then [`World`] (the resources of a world), then [`EventStream`] and
//! [`TurnStream`].
//!
//! ```no_run
//! # async fn example() -> Result<(), manyworlds_client::Error> {
//! use manyworlds_client::contract::http::StreamQuery;
//! use manyworlds_client::{Client, StreamItem};
//!
//! let client = Client::new("http://127.0.0.1:7000", None)?;
//! let lobby = "lobby".parse().expect("an id");
//! let world = client.world(&lobby);
//! println!("{}", world.show().await?.name);
//! let mut events = world.events().stream(StreamQuery::default()).await?;
//! loop {
//!     if let StreamItem::Event(event) = events.next().await? {
//!         println!("{} {}", event.content.sequence, event.content.event_type.as_str());
//!     }
//! }
//! # }
//! ```

mod approvals;
mod behaviours;
mod chats;
mod client;
mod entities;
mod error;
mod event_stream;
mod event_types;
mod events;
mod flows;
mod frame;
mod interactions;
mod messages;
mod problem;
mod retry;
mod runs;
mod session_stream;
mod sessions;
mod sse;
mod streams;
mod timers;
mod transport;
mod turn_stream;
mod world;
mod worlds;

pub use approvals::Approvals;
pub use behaviours::Behaviours;
pub use chats::Chats;
pub use client::{Client, Readiness};
pub use contract;
pub use entities::Entities;
pub use error::Error;
pub use event_stream::{EventStream, StreamItem};
pub use event_types::EventTypes;
pub use events::Events;
pub use flows::Flows;
pub use frame::Received;
pub use interactions::Interactions;
pub use messages::Messages;
pub use runs::Runs;
pub use session_stream::{SessionStream, SessionStreamItem};
pub use sessions::{PartlySent, Sessions};
pub use streams::Streams;
pub use timers::Timers;
pub use turn_stream::{TurnItem, TurnStream};
pub use world::World;
pub use worlds::Worlds;
