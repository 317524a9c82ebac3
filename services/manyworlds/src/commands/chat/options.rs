//! The options of `manyworlds chat`.

use clap::Args;
use contract::{ChatId, EntityId, WorldId};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    pub(super) world: WorldId,
    /// Which of its chats
    #[arg(long, default_value = "main")]
    pub(super) chat: ChatId,
    /// Who you are there: an entity of the world
    #[arg(long = "as", value_name = "USER", default_value = "guest")]
    pub(super) user: EntityId,
}
