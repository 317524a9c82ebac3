//! The custom actions that a behaviour may use: declared in the world's description, declared in its log
//! before, or registered by workers.

use std::collections::BTreeMap;

use contract::behaviour::{CustomAction, DeclaredAction, Definition};
use contract::{ActionName, Fact, Rejection};

use crate::behaviours::custom::CustomActions;
use crate::decider::{Decider, EventHeader};
use crate::world::World;

/// The custom actions that a behaviour may use.
pub(super) struct Declarations {
    /// All of the description, and those others that the behaviour names.
    pub(super) actions: Vec<CustomAction>,
    /// Those of them that workers have registered, and the log does not have so yet.
    new: Vec<DeclaredAction>,
}

impl Declarations {
    /// The declarations for a behaviour in a world with these in its description. Those of the description
    /// go before what workers have registered, and what they have registered now before what the log has.
    pub(super) fn collect(
        world: &World,
        described: &[CustomAction],
        definition: &Definition,
        decider: Option<&Decider<'_>>,
    ) -> Self {
        let is_wanted = |action: &CustomAction| {
            let mut described = described.iter();
            is_named(definition, &action.name) && described.all(|other| other.name != action.name)
        };
        let mut declared: BTreeMap<&ActionName, &CustomAction> = BTreeMap::new();
        let logged = world.behaviours.declared.values();
        let decided = decider.into_iter().flat_map(|decider| decider.events());
        let decided = decided.filter_map(|decided| match &decided.fact {
            Some(Fact::ActionDeclared(declared)) => Some(&declared.action),
            _ => None,
        });
        for action in logged.chain(decided).filter(|action| is_wanted(action)) {
            declared.insert(&action.name, action);
        }
        let mut new = Vec::new();
        for offered in world.registered_actions.iter() {
            let action = &offered.action;
            let is_known = declared.get(&action.name) == Some(&action);
            // One that is invalid counts as none: its worker is at fault, and not who applies a behaviour.
            if is_wanted(action) && !is_known && CustomActions::new([action], "").is_ok() {
                declared.insert(&action.name, action);
                new.push(offered.clone());
            }
        }
        let actions = described.iter().chain(declared.into_values());
        Self {
            actions: actions.cloned().collect(),
            new,
        }
    }

    /// Declares what the log does not have yet.
    pub(super) fn push_new(&mut self, decider: &mut Decider<'_>) -> Result<(), Rejection> {
        for declared in self.new.drain(..) {
            let header = EventHeader::sent_by(&contract::EntityId::world());
            decider.push_with(Fact::ActionDeclared(declared), header)?;
        }
        Ok(())
    }
}

/// Whether a behaviour has the name of an action among its texts. Names have no character that JSON would
/// write in another way.
fn is_named(definition: &Definition, name: &ActionName) -> bool {
    definition.json().contains(&format!("\"{name}\""))
}
