//! What the handlers of this door share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use contract::command::View;
use contract::query::{PAGE_ROWS_MAX, WorldRow, WorldsQuery};
use contract::{Accepted, Chat, ChatId, Command, CommandId, EntityId, Seq, Timestamp, WorldId};

use super::failure::Failure;
use super::model::{Model, id_of};
use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// Pages of worlds that are searched for a name which is no id.
const PAGES_MAX: usize = 5;
const BASE_36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// This door of the gateway.
pub(super) struct Doorway {
    pub(super) gateway: Arc<Gateway>,
    /// The last commit that came in through this door: a client that has made a world finds it in
    /// the list of worlds, which the archive keeps.
    newest: AtomicU64,
}

impl Doorway {
    pub(super) fn new(gateway: Arc<Gateway>) -> Self {
        Self {
            gateway,
            newest: AtomicU64::new(0),
        }
    }

    /// Sends a command, and returns once it is durable.
    ///
    /// # Errors
    /// The rule that refused it, or 503 when its world could not be asked.
    pub(super) async fn send(
        &self,
        world: &WorldId,
        id: CommandId,
        sender: EntityId,
        command: Command,
    ) -> Result<Accepted, Problem> {
        let accepted = self.gateway.command(world, id, sender, command).await?;
        self.newest.fetch_max(accepted.seq, Ordering::Relaxed);
        Ok(accepted)
    }

    /// The last commit that came in through this door, if one did.
    pub(super) fn newest(&self) -> Option<Seq> {
        let newest = self.newest.load(Ordering::Relaxed);
        (newest > 0).then_some(newest)
    }

    /// The world that goes by this id or name, without what was said there.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(super) async fn find(&self, name: &str) -> Result<Model, Failure> {
        self.find_as(name, View::Outline).await
    }

    /// The world that goes by this id or name, with the end of what was said in its chats.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(super) async fn find_whole(&self, name: &str) -> Result<Model, Failure> {
        self.find_as(name, View::Whole).await
    }

    async fn find_as(&self, name: &str, view: View) -> Result<Model, Failure> {
        let exact = name.parse().ok();
        let made = id_of(name).filter(|id| exact.as_ref() != Some(id));
        for id in exact.into_iter().chain(made) {
            if let Some(model) = self.look(&id, view).await? {
                return Ok(model);
            }
        }
        match self.named(name).await? {
            Some(id) => self.look(&id, view).await?.ok_or_else(Failure::no_world),
            None => Err(Failure::no_world()),
        }
    }

    /// As much of the world of this id as `view` says, if there is one.
    ///
    /// # Errors
    /// 503 when it could not be asked.
    pub(super) async fn look(&self, id: &WorldId, view: View) -> Result<Option<Model>, Failure> {
        let (seq, state) = match self.gateway.state(id, None, view).await {
            Ok(found) => found,
            Err(problem) if matches!(problem.code, "unknown_world" | "world_deleted") => {
                return Ok(None);
            }
            Err(problem) => return Err(problem.into()),
        };
        let model: Model = serde_json::from_str(state.get()).map_err(|error| {
            tracing::error!(world.id = %id, %error, "a state that is none");
            Problem::internal()
        })?;
        Ok((!model.deleted).then_some(Model { seq, ..model }))
    }

    async fn named(&self, name: &str) -> Result<Option<WorldId>, Failure> {
        let mut after = None;
        for _ in 0..PAGES_MAX {
            let (rows, more) = self.worlds_after(after).await?;
            if let Some(row) = rows.iter().find(|row| row.name == name) {
                return Ok(Some(row.id.clone()));
            }
            after = rows.last().filter(|_| more).map(|row| row.id.clone());
            if after.is_none() {
                break;
            }
        }
        Ok(None)
    }

    /// A page of the worlds, by id, and whether more follow.
    ///
    /// # Errors
    /// 503 when the archive can't answer now.
    pub(super) async fn worlds_after(
        &self,
        after: Option<WorldId>,
    ) -> Result<(Vec<WorldRow>, bool), Failure> {
        let query = WorldsQuery {
            after,
            limit: PAGE_ROWS_MAX,
            wait_for: self.newest(),
        };
        Ok(self.gateway.query(&query).await?)
    }

    /// Opens an empty chat: one that nobody has used yet, or a new one.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(super) async fn open_new_chat(
        &self,
        world: &WorldId,
        id: CommandId,
    ) -> Result<(), Problem> {
        let chat = Chat::new(new_chat_id(id)?);
        let command = Command::NewChat(chat);
        self.send(world, id, EntityId::world(), command).await?;
        Ok(())
    }
}

/// The id of a further command that a request sends beside its own: the same for the same key.
pub(super) fn further_id(caller: &Caller, world: &WorldId, what: &str) -> CommandId {
    match caller.chosen_id(world) {
        Some(CommandId(id)) => CommandId::from_key(&[what, &id.to_string()]),
        None => CommandId::new(),
    }
}

/// `chat-{milliseconds}-{9 letters and digits}`.
fn new_chat_id(CommandId(command): CommandId) -> Result<ChatId, Problem> {
    let mut rest = command.as_u128() & u128::from(u64::MAX);
    let mut letters = String::with_capacity(9);
    for _ in 0..9 {
        let digit = usize::try_from(rest % 36).unwrap_or_default();
        letters.push(char::from(BASE_36[digit]));
        rest /= 36;
    }
    let id = format!("chat-{}-{letters}", Timestamp::now().as_unix_ms());
    id.parse().map_err(|_| Problem::internal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_is_named_after_its_moment_and_its_command() {
        let id = CommandId::new();
        let chat = new_chat_id(id).unwrap();
        let parts: Vec<&str> = chat.as_str().split('-').collect();
        assert_eq!((parts[0], parts[1].len(), parts[2].len()), ("chat", 13, 9));
        assert_ne!(chat, new_chat_id(CommandId::new()).unwrap());
    }
}
