//! Roles as arguments name them.

use contract::Entity;

use super::resolve::Actor;

/// The form of the other system for the role of an agent that is no master, and for that of a master.
const PREFIXES: &[(&str, bool)] = &[("world_agent~", false), ("world_master~", true)];

/// Whether an entity has a role: by its name, or by its name with `world_agent~` or `world_master~`.
pub(super) fn has_role(entity: &Entity, wanted: &str) -> bool {
    let Some(role) = &entity.role else {
        return false;
    };
    for (prefix, master) in PREFIXES {
        if let Some(base) = wanted.strip_prefix(prefix) {
            return entity.master == *master && role.as_str() == base;
        }
    }
    role.as_str() == wanted
}

/// The name of a role alone.
pub(super) fn base_role(role: &str) -> &str {
    role.rsplit_once('~').map_or(role, |(_, base)| base)
}

impl<'a> Actor<'a> {
    /// The others that have one of the roles, by id.
    pub(super) fn others_with(&self, roles: &[&str]) -> Vec<&'a Entity> {
        let others = self
            .world
            .entities
            .iter()
            .filter(|entity| entity.id != *self.id);
        others
            .filter(|entity| roles.iter().any(|role| has_role(entity, role)))
            .collect()
    }
}
