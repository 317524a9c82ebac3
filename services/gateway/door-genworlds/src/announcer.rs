//! Makes the entities of a world what a client-run world announces of them.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

use contract::ability::Ability;
use contract::command::EntityUpdate;
use contract::view::GetEntity;
use contract::{Command, Entity, EntityId, EventType};
use door_kit::Problem;
use serde_json::value::RawValue;

use crate::announcement::{self, AnnouncedEntity, Announcement};
use crate::client_entities::ClientEntities;
use crate::client_entity::{ClientEntity, KnownBy, id_of_name, known_by};
use crate::resolve;

/// Announcements of which a connection remembers that it has applied them: worlds repeat both of theirs for
/// each query.
const REMEMBERED_MAX: usize = 64;

/// The announcements of one connection.
#[derive(Default)]
pub(crate) struct Announcer {
    hasher: RandomState,
    applied: Mutex<Vec<u64>>,
}

impl Announcer {
    /// Whether an event announces something that this connection has not announced before.
    pub(crate) fn is_news(&self, event_type: &EventType, data: &RawValue) -> bool {
        announcement::is_announcement(event_type) && {
            let hash = self.hasher.hash_one((event_type.as_str(), data.get()));
            !self.applied().contains(&hash)
        }
    }

    /// Brings the entities of an announcement into the world, and makes those that clients brought what it
    /// says. What others have made is left alone.
    ///
    /// # Errors
    /// The first problem: what comes after it is not looked at.
    pub(crate) async fn apply(
        &self,
        entities: &ClientEntities,
        sender: &EntityId,
        event_type: &EventType,
        data: &RawValue,
    ) -> Result<(), Problem> {
        match announcement::parse(event_type, data) {
            Some(Announcement::Entities(announced)) => {
                apply_entities(entities, sender, announced).await?;
            }
            Some(Announcement::Abilities(owners)) => apply_abilities(entities, owners).await?,
            None => {}
        }
        let hash = self.hasher.hash_one((event_type.as_str(), data.get()));
        let mut applied = self.applied();
        if applied.len() >= REMEMBERED_MAX {
            applied.remove(0);
        }
        applied.push(hash);
        Ok(())
    }

    fn applied(&self) -> std::sync::MutexGuard<'_, Vec<u64>> {
        self.applied.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn apply_entities(
    entities: &ClientEntities,
    sender: &EntityId,
    announced: BTreeMap<String, AnnouncedEntity>,
) -> Result<(), Problem> {
    let announced = announced.into_iter();
    let known: Vec<ClientEntity> = announced
        .filter_map(|(name, one)| client_entity(entities, sender, &name, one))
        .filter(|one| entities.is_open || entities.check_sender(&one.id).is_ok())
        .collect();
    let now = read_entities(entities, known.iter().map(|one| &one.id)).await?;
    for (one, now) in known.into_iter().zip(now) {
        match now {
            Some(now) => entities.update(one, &now).await?,
            None => {
                let retry = one.clone();
                if let Some(now) = entities.bring(one, "available_entities").await? {
                    entities.update(retry, &now).await?;
                }
            }
        }
    }
    Ok(())
}

fn client_entity(
    entities: &ClientEntities,
    sender: &EntityId,
    name: &str,
    announced: AnnouncedEntity,
) -> Option<ClientEntity> {
    let AnnouncedEntity {
        kind,
        name: display_name,
        description,
        metadata,
    } = announced;
    let (id, display_name) = match resolve::entity_id(name, &entities.world) {
        // The world that the client runs under the name of ours.
        Some(id) if id == EntityId::world() => {
            let own = entities.own_world().ok()?;
            (own == *sender).then_some((own, display_name))?
        }
        Some(id) => {
            let is_id = display_name == name;
            (id, if is_id { String::new() } else { display_name })
        }
        // By its name it is found again.
        None => (id_of_name(name)?, name.to_owned()),
    };
    Some(ClientEntity {
        id,
        name: display_name,
        kind,
        known_by: KnownBy::Announcement,
        description,
        metadata,
    })
}

async fn apply_abilities(
    entities: &ClientEntities,
    owners: BTreeMap<String, Vec<Ability>>,
) -> Result<(), Problem> {
    let owners = owners.into_iter().filter_map(|(name, abilities)| {
        let id = resolve::entity_id(&name, &entities.world).or_else(|| id_of_name(&name))?;
        Some((id, abilities))
    });
    let owners: Vec<(EntityId, Vec<Ability>)> = owners
        .filter(|(id, _)| *id != EntityId::world())
        .filter(|(id, _)| entities.is_open || entities.check_sender(id).is_ok())
        .collect();
    let now = read_entities(entities, owners.iter().map(|(id, _)| id)).await?;
    for ((entity, abilities), now) in owners.into_iter().zip(now) {
        let Some(now) = now.filter(|now| known_by(now).is_some()) else {
            continue;
        };
        if now.abilities != abilities {
            update_abilities(entities, entity, abilities).await?;
        }
    }
    Ok(())
}

async fn update_abilities(
    entities: &ClientEntities,
    entity: EntityId,
    mut abilities: Vec<Ability>,
) -> Result<(), Problem> {
    let command = |abilities| {
        Command::UpdateEntity(EntityUpdate {
            entity: entity.clone(),
            kind: None,
            name: None,
            agent: None,
            description: None,
            abilities: Some(abilities),
            metadata: None,
        })
    };
    let is_schema = |problem: &Problem| {
        let field = problem.field.as_deref().unwrap_or_default();
        field.contains(".arguments")
    };
    match entities.send(command(abilities.clone())).await {
        // A schema in words that are not known here is no reason to do without the ability.
        Err(problem) if is_schema(&problem) => {
            for ability in &mut abilities {
                ability.arguments = None;
            }
            entities.send(command(abilities)).await
        }
        sent => sent,
    }
}

/// The entities of these ids, each in its place.
async fn read_entities(
    entities: &ClientEntities,
    ids: impl Iterator<Item = &EntityId>,
) -> Result<Vec<Option<Entity>>, Problem> {
    let request: Vec<GetEntity> = ids.map(|id| GetEntity { id: id.clone() }).collect();
    let broker = &entities.doors.broker;
    let read = broker.view(&entities.world, request).await?.view;
    for entity in read.iter().flatten() {
        entities.note(entity);
    }
    Ok(read)
}
