//! The entities that a name may stand for.

use contract::view::{EntityPage, GetEntities, GetEntity};
use contract::{Entity, EntityId};

/// The entities of a world that a name may stand for.
#[derive(Debug, Default)]
pub(crate) struct NameMatches {
    /// The entity whose id it is.
    by_id: Option<Entity>,
    /// The only entity whose display name it is.
    by_name: Option<Entity>,
    /// Whether several have it.
    is_ambiguous: bool,
}

/// The views that [`NameMatches::from_views`] takes.
pub(crate) type Request = (Vec<GetEntity>, GetEntities);

/// Requests the entities that `name` may stand for; `id` is the id that it may be.
pub(crate) fn request(name: &str, id: Option<EntityId>) -> Request {
    let by_id = id.map(|id| GetEntity { id });
    let by_name = GetEntities {
        name: Some(name.to_owned()),
        // Whether there is more than one.
        limit: Some(2),
        ..GetEntities::default()
    };
    (Vec::from_iter(by_id), by_name)
}

impl NameMatches {
    /// Reads the views of [`request`] for this name.
    pub(crate) fn from_views(
        name: &str,
        (by_id, by_name): (Vec<Option<Entity>>, EntityPage<'_>),
    ) -> Self {
        let is_ambiguous = by_name.items.len() > 1;
        let mut named = by_name.items.into_iter();
        let by_name = match (named.next(), named.next()) {
            (Some(entity), None) if !name.is_empty() => Some(entity.into_owned()),
            _ => None,
        };
        Self {
            by_id: by_id.into_iter().next().flatten(),
            by_name,
            is_ambiguous,
        }
    }

    /// Whether several entities have this display name.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.is_ambiguous
    }

    /// The entity whose id the name is.
    pub(crate) fn by_id(&self) -> Option<&Entity> {
        self.by_id.as_ref()
    }

    /// The only entity with this display name. An id is no display name here.
    pub(crate) fn by_name(&self) -> Option<&Entity> {
        self.by_name.as_ref()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use contract::EntityKind;

    use super::*;

    /// What a world of these entities answers: id, kind and name of each.
    pub(crate) fn matches(name: &str, entities: &[(&str, EntityKind, &str)]) -> NameMatches {
        let entities = entities.iter().map(|(id, kind, name)| Entity {
            name: (*name).to_owned(),
            ..Entity::new(id.parse().unwrap(), *kind)
        });
        let entities: Vec<Entity> = entities.collect();
        let by_id = entities.iter().find(|entity| entity.id.as_str() == name);
        let named = entities.iter().filter(|entity| entity.name == name).take(2);
        let by_name = EntityPage {
            items: named.map(std::borrow::Cow::Borrowed).collect(),
            next: None,
        };
        NameMatches::from_views(name, (vec![by_id.cloned()], by_name))
    }

    #[test]
    fn an_entity_is_found_by_a_name_that_no_other_has() {
        use EntityKind::{Agent, Object, User};
        let entities = [
            ("qna-agent", Agent, "qna agent"),
            ("one", Agent, "twin"),
            ("two", User, "twin"),
            ("nameless", Object, ""),
        ];
        for (name, expected) in [
            ("qna agent", Some("qna-agent")),
            ("QnA agent", None),
            ("twin", None),
            ("nameless", None),
            ("", None),
        ] {
            let matches = matches(name, &entities);
            let found = matches.by_name().map(|entity| entity.id.as_str());
            assert_eq!(found, expected, "{name}");
        }
    }
}
