//! Event streams: one driver for all doors. A door decides with a [`Projector`] what is written of
//! each frame; the driver does the rest: keep-alive comments, writes, the close event, the metrics.

mod event;
mod keep_alive;
mod projector;
mod resume;
mod stream;

pub use event::sse_event;
pub use projector::{Projection, Projector, SseEvents};
pub use resume::last_event_id;
pub use stream::SseStream;
