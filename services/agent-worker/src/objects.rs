//! Objects that need no worker of one's own: the actions behind them are built in, and a world's
//! file says which of its entities have them. See `deploy/worlds`.
//!
//! They are written as users write theirs. Whoever uses one wrongly is sent an event that says why.

mod blackboard;
mod calculator;
mod market;
mod microphone;
mod tictactoe;

use sdk::Builder;

/// Offers what all of them can do; they stand in no world until somebody places them there.
pub(crate) fn offer(builder: Builder) -> Builder {
    builder
        .object(microphone::kind(), [])
        .object(calculator::kind(), [])
        .object(tictactoe::kind(), [])
        .object(blackboard::kind(), [])
        .object(market::kind(), [])
}
