//! One subscription of the gateway per world, many clients: every event once, in order, without a gap.
//!
//! A [`Hub`](hub::Hub) subscribes to one world while it has clients. It keeps the newest frames in one
//! [`Ring`](ring::Ring) for all of them; a client that is further behind than the ring is closed, and
//! resumes from its position. One that is behind by too many bytes reads the log. Start with
//! [`Subscription`] (what one client reads), then `sequence` (how a gap is detected).

mod backlog;
mod filter;
mod frame;
mod frame_slot;
mod hub;
mod page;
mod page_budget;
mod registry;
mod ring;
mod sequence;
mod subscription;

pub use filter::{Filter, is_readable, is_visible_to};
pub use frame::{Frame, Payload};
pub use frame_slot::FrameSlot;
pub(crate) use registry::Fanout;
pub use subscription::{Start, Subscription, SubscriptionEnd};
