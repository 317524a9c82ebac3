//! Views: what anybody may see of the state of a world. The state itself never leaves the rules.
//!
//! A view borrows from the state where it can, so that a large world is shown without being copied;
//! whoever reads one owns it.

mod chat;
mod entity;
mod outline;
mod run;
mod world;

pub use chat::{ChatOutline, ChatView};
pub use entity::{EntityOutline, EventTypeView};
pub use outline::Outline;
pub use run::{QuestionId, RunOutline, RunView, TimerView};
pub use world::WorldView;
