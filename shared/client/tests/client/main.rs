//! The client against a scripted gateway: what it sends, and what it makes of the responses.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't have its server can only stop"
)]

mod event_stream;
mod flows;
mod requests;
mod routes;
mod support;
mod turn_stream;
