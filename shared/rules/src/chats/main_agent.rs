//! The agent that answers people who address nobody.

#[cfg(test)]
mod tests;

use contract::Chat;
use contract::name::kebab_id;

use super::participants::answerers_of;
use crate::world::World;

/// The main agent of a world, by its id, if it answers in the chat at all.
pub(crate) fn main_agent<'a>(world: &'a World, chat: &'a Chat) -> Option<&'a str> {
    let wanted = world.description.as_ref()?.main_agent.as_str();
    let agents = answerers_of(world, chat);
    find_agent(
        wanted,
        agents.map(|agent| (agent.id.as_str(), agent.name.as_str())),
    )
}

/// The id of the agent that a world's configuration means by its main agent, by id or by name.
///
/// `agents`: each one's id and name. An id goes before a name, if they are two agents'.
fn find_agent<'a>(
    wanted: &str,
    agents: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Option<&'a str> {
    let wanted = wanted.trim();
    let wanted_id = kebab_id(wanted);
    let is_wanted = |called: &str| {
        let is_same = !wanted.is_empty() && wanted.eq_ignore_ascii_case(called);
        is_same || (wanted_id.is_some() && wanted_id == kebab_id(called))
    };
    let mut by_name = None;
    for (id, name) in agents {
        if is_wanted(id) {
            return Some(id);
        }
        if by_name.is_none() && is_wanted(name) {
            by_name = Some(id);
        }
    }
    by_name
}
