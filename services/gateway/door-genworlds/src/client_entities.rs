//! Finds the entities that a client names, and brings those into the world that it does not have.

use std::sync::Arc;

use axum::http::StatusCode;
use contract::view::{GetEntities, GetProfile};
use contract::{Command, Entity, EntityId, RejectionCode, Target, WorldId};
use door_kit::{DoorState, Principal, Problem, Scope};

use crate::client_entity::{self, ClientEntity, ClientKind, KnownBy};
use crate::identity::{self, ClientIdentity, forged_sender};
use crate::name_matches::{self, NameMatches};
use crate::profile::{NewestProfile, Profile};
use crate::resolve::{self, Named};
use crate::senders::Presence;
use crate::world_clients::WorldClients;

/// The entities of a world as one client names them.
pub(crate) struct ClientEntities {
    pub(crate) doors: Arc<DoorState>,
    pub(crate) world: WorldId,
    pub(crate) principal: Principal,
    pub(crate) clients: Arc<WorldClients>,
    pub(crate) profile: Arc<NewestProfile>,
    /// How many entities a principal may bring into a world.
    pub(crate) entities_max: usize,
    /// Whether the client may bring other entities than itself: those that it names, or announces.
    pub(crate) is_open: bool,
}

/// Whom an event is for.
pub(crate) struct FoundTarget {
    pub(crate) target: Target,
    /// Whether the name is an id, which needs no look at display names.
    pub(crate) is_id: bool,
}

impl ClientEntities {
    /// The entity that a client names as itself, which sends an event of this type.
    ///
    /// # Errors
    /// 403 when the client may not be that entity, 422 when no entity can have this name.
    pub(crate) async fn sender(
        &self,
        name: &str,
        kind: Option<ClientKind>,
    ) -> Result<ClientIdentity, Problem> {
        let matches = self.read_matches(name).await?;
        let (id, display_name) = match resolve::sender(name, &self.world, &matches)? {
            Named::Known(entity) => return self.known_sender(entity, kind, name).await,
            Named::World if kind == Some(ClientKind::World) => (self.own_world()?, String::new()),
            Named::World => return Err(forged_sender("no client may be the world itself")),
            Named::New { id, name } => (id, name),
        };
        self.check_sender(&id)?;
        let kind = kind.unwrap_or(ClientKind::User);
        let entity = ClientEntity::new(id.clone(), display_name, kind, KnownBy::Sender);
        if let Some(found) = self.bring(entity, "sender_id").await? {
            return self.known_sender(&found, Some(kind), name).await;
        }
        let name = name.to_owned();
        Ok(ClientIdentity { id, name })
    }

    /// The identity of an entity that the world has, and that now sends for the first time on a connection.
    async fn known_sender(
        &self,
        entity: &Entity,
        kind: Option<ClientKind>,
        name: &str,
    ) -> Result<ClientIdentity, Problem> {
        self.check_sender(&entity.id)?;
        identity::authorize(entity)?;
        self.note(entity);
        if client_entity::known_by(entity) == Some(KnownBy::Target)
            && let Some(kind) = kind
        {
            let name = entity.name.clone();
            let sender = ClientEntity::new(entity.id.clone(), name, kind, KnownBy::Sender);
            self.update(sender, entity).await?;
        }
        Ok(ClientIdentity {
            id: entity.id.clone(),
            name: name.to_owned(),
        })
    }

    /// The target that a client names, in an event whose target would be of this kind.
    ///
    /// # Errors
    /// 422 when the name stands for nobody who could receive it.
    pub(crate) async fn target(
        &self,
        name: &str,
        kind: ClientKind,
    ) -> Result<FoundTarget, Problem> {
        let ids = resolve::target_ids(name, &self.world);
        let is_one = |target: &Target| match target {
            Target::Entities(entities) => entities.len() == 1 && entities[0] != EntityId::world(),
            Target::Role(_) => false,
        };
        if let Some(target) = ids.filter(|target| !is_one(target)) {
            let is_id = true;
            return Ok(FoundTarget { target, is_id });
        }
        let matches = self.read_matches(name).await?;
        let id = match resolve::target(name, &self.world, &matches)? {
            Named::World => EntityId::world(),
            Named::Known(entity) => {
                self.note(entity);
                entity.id.clone()
            }
            Named::New { id, name } if self.is_open => {
                let entity = ClientEntity::new(id.clone(), name, kind, KnownBy::Target);
                self.bring(entity, "target_id").await?;
                id
            }
            // The world refuses an id that nobody has.
            Named::New { id, name } if name.is_empty() => id,
            Named::New { .. } => return Err(resolve::unknown_name("target_id", name)),
        };
        Ok(FoundTarget {
            is_id: name == id.as_str(),
            target: Target::Entities(vec![id]),
        })
    }

    /// Brings an entity into the world. Returns the one that the world has by that id already.
    pub(crate) async fn bring(
        &self,
        entity: ClientEntity,
        field: &str,
    ) -> Result<Option<Entity>, Problem> {
        self.count_brought(field).await?;
        let (id, name) = (entity.id.clone(), entity.name.clone());
        let is_world = entity.kind == ClientKind::World;
        let command = Command::CreateEntity(entity.into_entity());
        match self.send(command).await {
            Ok(()) => {
                self.clients.note(&id, is_world);
                Ok(None)
            }
            // Another client has brought it meanwhile, perhaps as something else.
            Err(problem) if problem.rejection == Some(RejectionCode::AlreadyExists) => {
                let matches = self.read_matches(id.as_str()).await?;
                // Two names may make the same id.
                let is_made = client_entity::id_of_name(&name).as_ref() == Some(&id);
                let found = matches
                    .by_id()
                    .filter(|found| !is_made || found.name == name);
                let found = found.ok_or_else(|| resolve::unknown_name(field, &name))?;
                self.note(found);
                Ok(Some(found.clone()))
            }
            Err(problem) => Err(problem.with_field(field)),
        }
    }

    /// Changes an entity that a client brought to what is known of it now.
    pub(crate) async fn update(&self, known: ClientEntity, now: &Entity) -> Result<(), Problem> {
        let is_world = known.kind == ClientKind::World;
        let Some(update) = known.update_of(now) else {
            return Ok(());
        };
        let is_other = update.kind.is_some_and(|kind| kind != now.kind);
        self.send(Command::UpdateEntity(update)).await?;
        self.clients.note(&now.id, is_world);
        if is_other {
            self.doors.reconnect_entity(&self.world, &now.id);
        }
        Ok(())
    }

    /// Sends a command of the world itself, as the door's own doing.
    pub(crate) async fn send(&self, command: Command) -> Result<(), Problem> {
        self.doors
            .require_scope(&self.principal, &self.world, Scope::Send)?;
        let (id, sender) = (self.doors.clock.new_command_id(), EntityId::world());
        let sent = (sender, command);
        let sent = self
            .doors
            .send_own_command(&self.principal, &self.world, id, sent);
        sent.await.map(|_| ())
    }

    /// The entities that a name may stand for.
    pub(crate) async fn read_matches(&self, name: &str) -> Result<NameMatches, Problem> {
        let id = resolve::entity_id(name, &self.world);
        let (by_id, by_name) = name_matches::request(name, id);
        let request = (GetProfile, by_id, by_name);
        let read = self.doors.broker.view(&self.world, request).await?;
        let (profile, by_id, by_name) = read.view;
        self.profile.update(Profile::from_view(profile)?);
        Ok(NameMatches::from_views(name, (by_id, by_name)))
    }

    /// The id of the world that a client runs under the name of ours.
    pub(crate) fn own_world(&self) -> Result<EntityId, Problem> {
        client_entity::id_of_own_world(&self.world).ok_or_else(Problem::internal)
    }

    /// Checks that the client may act as this entity.
    pub(crate) fn check_sender(&self, id: &EntityId) -> Result<(), Problem> {
        self.doors.check_sender(&self.principal, id)
    }

    /// Checks that the client may send a command as this entity.
    pub(crate) fn check_command(
        &self,
        sender: &EntityId,
        command: &Command,
    ) -> Result<(), Problem> {
        let sent = (sender, command);
        self.doors.check_command(&self.principal, &self.world, sent)
    }

    /// The presence of an entity as which the client acts. Who may only read is present as nobody.
    pub(crate) fn presence(&self, id: &EntityId) -> Presence {
        let may_send = self.principal.permissions().has(Scope::Send);
        let connection = || self.doors.connect_entity(&self.world, id);
        may_send.then(|| (connection(), self.clients.claim(id)))
    }

    /// Notes an entity if a client brought it.
    pub(crate) fn note(&self, entity: &Entity) {
        if client_entity::known_by(entity).is_some() {
            let is_world = client_entity::is_client_world(entity);
            self.clients.note(&entity.id, is_world);
        }
    }

    /// Counts one more entity that this principal brings, however many connections it opens for that.
    async fn count_brought(&self, field: &str) -> Result<(), Problem> {
        let max = self.entities_max;
        if self.clients.count_brought(self.principal.id(), max) {
            return Ok(());
        }
        // Some may have left the world again.
        let read = self.doors.broker.view(&self.world, GetEntities::default());
        let entities = read.await?.view.items;
        let brought = entities
            .iter()
            .filter(|one| client_entity::known_by(one).is_some());
        self.clients
            .set_brought(self.principal.id(), brought.count());
        if self.clients.count_brought(self.principal.id(), max) {
            return Ok(());
        }
        let detail = format!("clients like this one bring at most {max} entities into a world");
        Err(Problem::new(StatusCode::FORBIDDEN, "too_many_entities", detail).with_field(field))
    }
}
