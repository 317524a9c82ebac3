//! The built-in types of objects. The file of a world gives their abilities to its entities: see
//! `deploy/worlds`.
//!
//! They are written like those of users. Invalid use is answered with an event that has the reason.

mod blackboard;
mod calculator;
mod market;
mod microphone;
mod tictactoe;

use manyworlds_sdk::Builder;

/// Registers the abilities of all built-in types. The objects themselves are created by worlds.
pub(crate) fn register(builder: Builder) -> Builder {
    builder
        .object(microphone::object_type(), [])
        .object(calculator::object_type(), [])
        .object(tictactoe::object_type(), [])
        .object(blackboard::object_type(), [])
        .object(market::object_type(), [])
}
