//! What goes on in a world.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::run::RunOutline;
use crate::id::{ApprovalId, ChatId, EntityId, RunId};
use crate::tool::Approval;

/// What goes on in a world, or in one chat of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Activity<'a> {
    /// The agents of each chat that answer, or have a message waiting. Idle chats are absent.
    pub answering: BTreeMap<ChatId, Vec<EntityId>>,
    /// The runs that have not ended.
    pub runs: BTreeMap<RunId, RunOutline<'a>>,
    /// The calls that wait for a person.
    pub approvals: BTreeMap<ApprovalId, Cow<'a, Approval>>,
}
