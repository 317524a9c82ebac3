//! What the handlers of this door share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use contract::name::kebab_id;
use contract::query::{PAGE_ROWS_MAX, WorldRow, WorldsQuery};
use contract::view::{GetProfile, GetView};
use contract::{
    Accepted, Chat, ChatId, Command, CommandId, EntityId, RejectionCode, Seq, Timestamp, WorldId,
};
use door_kit::{DoorState, Principal, Problem, QueryRows};

use crate::decisions::Decisions;
use crate::error::ApiError;
use crate::names::ids_of_name;
use crate::world::World;

/// The request of a handler that needs no view but the world.
pub(crate) const NO_VIEWS: Vec<GetProfile> = Vec::new();
/// Pages of worlds that are searched for a name which is no id.
const PAGES_MAX: usize = 5;
const BASE_36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// What the handlers of this door share.
pub(crate) struct AgentWorldState {
    pub(crate) doors: Arc<DoorState>,
    /// The last commit that came in through this door: a client that has created a world finds it in the
    /// list of worlds, which the archive keeps.
    last_commit: AtomicU64,
    /// The answers to prompts that are under way.
    pub(crate) decisions: Arc<Decisions>,
}

impl AgentWorldState {
    pub(crate) fn new(doors: &Arc<DoorState>) -> Self {
        Self {
            doors: Arc::clone(doors),
            last_commit: AtomicU64::new(0),
            decisions: Arc::default(),
        }
    }

    /// Sends a command, and returns once its events are durable.
    ///
    /// # Errors
    /// The rejection of the world, or 503 when it did not answer.
    pub(crate) async fn send_command(
        &self,
        principal: &Principal,
        world: &WorldId,
        id: CommandId,
        sent: (EntityId, Command),
    ) -> Result<Accepted, Problem> {
        let sent = self.doors.send_command(principal, world, id, sent);
        let accepted = sent.await?;
        self.last_commit.fetch_max(accepted.seq, Ordering::Relaxed);
        Ok(accepted)
    }

    /// Sends a command of the world itself.
    ///
    /// # Errors
    /// As [`Self::send_command`].
    pub(crate) async fn send_as_world(
        &self,
        principal: &Principal,
        world: &WorldId,
        id: CommandId,
        command: Command,
    ) -> Result<Accepted, Problem> {
        self.send_command(principal, world, id, (EntityId::world(), command))
            .await
    }

    /// The last commit that came in through this door, if one did.
    fn last_commit(&self) -> Option<Seq> {
        let seq = self.last_commit.load(Ordering::Relaxed);
        (seq > 0).then_some(seq)
    }

    /// The world of this id or name.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) async fn find_world(&self, name: &str) -> Result<World, ApiError> {
        let (world, _) = self.find(name, NO_VIEWS).await?;
        Ok(world)
    }

    /// The world of this id or name, with the views that a request shows: its id, the id that is derived from
    /// `name`, its present name, or one that makes the same id.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) async fn find<G: GetView + Clone>(
        &self,
        name: &str,
        request: G,
    ) -> Result<(World, G::View), ApiError> {
        for id in ids_of_name(name) {
            if let Some(found) = self.read(&id, request.clone()).await? {
                return Ok(found);
            }
        }
        match self.find_by_name(name).await? {
            Some(id) => self.require(&id, request).await,
            None => Err(ApiError::no_world()),
        }
    }

    /// The world of this id, with the views that a request shows.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) async fn require<G: GetView>(
        &self,
        id: &WorldId,
        request: G,
    ) -> Result<(World, G::View), ApiError> {
        let found = self.read(id, request).await?;
        found.ok_or_else(ApiError::no_world)
    }

    /// The same, if there is such a world.
    ///
    /// # Errors
    /// 503 when it did not answer.
    pub(crate) async fn read<G: GetView>(
        &self,
        id: &WorldId,
        request: G,
    ) -> Result<Option<(World, G::View)>, ApiError> {
        let read = self.doors.broker.view(id, (GetProfile, request)).await;
        let (profile, view) = match read {
            Ok(read) => read.view,
            Err(problem) if is_no_world(&problem) => return Ok(None),
            Err(problem) => return Err(problem.into()),
        };
        Ok(World::from_view(profile).map(|world| (world, view)))
    }

    /// The world that is called so now: by its name, or else by the id that is derived from its name. Of
    /// several the first by its id is meant.
    ///
    /// # Errors
    /// 503 when the archive did not answer.
    pub(crate) async fn find_by_name(&self, name: &str) -> Result<Option<WorldId>, ApiError> {
        let name_id = kebab_id(name);
        let mut alike = None;
        let mut after = None;
        for _ in 0..PAGES_MAX {
            let QueryRows { rows, has_more } = self.list_worlds(after).await?;
            if let Some(row) = rows.iter().find(|row| row.name == name) {
                return Ok(Some(row.id.clone()));
            }
            let is_alike = |row: &&WorldRow| name_id.is_some() && kebab_id(&row.name) == name_id;
            alike = alike.or_else(|| rows.iter().find(is_alike).map(|row| row.id.clone()));
            after = rows.last().filter(|_| has_more).map(|row| row.id.clone());
            if after.is_none() {
                break;
            }
        }
        Ok(alike)
    }

    /// A page of the worlds, by id.
    ///
    /// # Errors
    /// 503 when the archive did not answer.
    pub(crate) async fn list_worlds(
        &self,
        after: Option<WorldId>,
    ) -> Result<QueryRows<WorldRow>, ApiError> {
        let query = WorldsQuery {
            after,
            limit: PAGE_ROWS_MAX,
            wait_for: self.last_commit(),
        };
        Ok(self.doors.broker.query(&query).await?)
    }

    /// Opens an empty chat: one that nobody has used yet, or a new one.
    ///
    /// # Errors
    /// As [`Self::send_command`].
    pub(crate) async fn open_new_chat(
        &self,
        principal: &Principal,
        world: &WorldId,
        id: CommandId,
    ) -> Result<(), Problem> {
        let chat = Chat::new(new_chat_id(id, self.doors.clock.now())?);
        self.send_as_world(principal, world, id, Command::NewChat(chat))
            .await?;
        Ok(())
    }
}

/// Whether there is no such world, or no longer.
fn is_no_world(problem: &Problem) -> bool {
    use RejectionCode::{UnknownWorld, WorldDeleted};
    matches!(problem.rejection, Some(UnknownWorld | WorldDeleted))
}

/// `chat-{milliseconds}-{9 letters and digits}`.
pub(crate) fn new_chat_id(
    CommandId(command): CommandId,
    now: Timestamp,
) -> Result<ChatId, Problem> {
    let mut rest = command.as_u128() & u128::from(u64::MAX);
    let mut letters = String::with_capacity(9);
    for _ in 0..9 {
        let digit = usize::try_from(rest % 36).unwrap_or_default();
        letters.push(char::from(BASE_36[digit]));
        rest /= 36;
    }
    let id = format!("chat-{}-{letters}", now.as_unix_ms());
    id.parse().map_err(|_| Problem::internal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_is_named_after_its_moment_and_its_command() {
        let id = CommandId::new();
        let now = Timestamp::now();
        let chat = new_chat_id(id, now).unwrap();
        let parts: Vec<&str> = chat.as_str().split('-').collect();
        assert_eq!((parts[0], parts[1].len(), parts[2].len()), ("chat", 13, 9));
        assert_ne!(chat, new_chat_id(CommandId::new(), now).unwrap());
    }
}
