//! Pages of what a world has many of. The items come in the order of their ids.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::chat::ChatOutline;
use super::run::RunView;
use crate::entity::Entity;
use crate::id::{ChatId, EntityId, RunId};

/// Some entities of a world.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EntityPage<'a> {
    /// The entities.
    pub items: Vec<Cow<'a, Entity>>,
    /// After which id the next page begins; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<EntityId>,
}

/// Some chats of a world, without their messages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChatPage<'a> {
    /// The chats.
    pub items: Vec<ChatOutline<'a>>,
    /// After which id the next page begins; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<ChatId>,
}

/// Some of the runs of a world that have not ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunPage<'a> {
    /// The runs, each with its id.
    pub items: Vec<(RunId, RunView<'a>)>,
    /// After which id the next page begins; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<RunId>,
}
