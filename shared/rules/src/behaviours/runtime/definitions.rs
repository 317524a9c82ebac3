//! The definitions of behaviours in use: entities with the same one share it, and its machine.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use contract::behaviour::{BehaviourSet, CustomAction, Definition, Warning};
use serde::{Deserialize, Serialize};

use crate::behaviours::custom::CustomActions;
use crate::behaviours::machine::Machine;

/// A definition among those in use.
pub(super) type DefinitionId = u64;

/// The definitions in use.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Definitions {
    by_id: BTreeMap<DefinitionId, Shared>,
    next: DefinitionId,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Shared {
    definition: Definition,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    custom: Vec<CustomAction>,
    /// How many entities have it.
    users: usize,
    #[serde(skip)]
    compiled: OnceLock<Option<Arc<Compiled>>>,
}

/// A machine, with the custom actions that were declared when it was checked.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) machine: Machine,
    pub(super) custom: CustomActions,
    pub(super) warnings: Vec<Warning>,
}

impl Definitions {
    /// Adds a user of a definition.
    pub(super) fn add(&mut self, set: &BehaviourSet) -> DefinitionId {
        let is_same =
            |shared: &Shared| shared.definition == set.definition && shared.custom == set.custom;
        let found = self.by_id.iter_mut().find(|(_, shared)| is_same(shared));
        if let Some((id, shared)) = found {
            shared.users += 1;
            return *id;
        }
        let id = self.next;
        self.next += 1;
        let shared = Shared {
            definition: set.definition.clone(),
            custom: set.custom.clone(),
            users: 1,
            compiled: OnceLock::new(),
        };
        self.by_id.insert(id, shared);
        id
    }

    /// Removes a user of a definition.
    pub(super) fn release(&mut self, id: DefinitionId) {
        if let Some(shared) = self.by_id.get_mut(&id) {
            shared.users = shared.users.saturating_sub(1);
            if shared.users == 0 {
                self.by_id.remove(&id);
            }
        }
    }

    pub(super) fn definition(&self, id: DefinitionId) -> Option<&Definition> {
        self.by_id.get(&id).map(|shared| &shared.definition)
    }

    /// The machine of a definition. It was compiled without a fault when the behaviour was set.
    pub(super) fn compiled(&self, id: DefinitionId) -> Option<&Arc<Compiled>> {
        let shared = self.by_id.get(&id)?;
        let compiled = shared.compiled.get_or_init(|| {
            let custom = CustomActions::new(&shared.custom, "actions").ok()?;
            let (machine, warnings) = Machine::compile(&shared.definition, &custom).ok()?;
            Some(Arc::new(Compiled {
                machine,
                custom,
                warnings,
            }))
        });
        compiled.as_ref()
    }
}
