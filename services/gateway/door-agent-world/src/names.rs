//! Names that clients send and read, and the ids that are derived from them.

use contract::id::NAME_LENGTH_MAX;
use contract::name::kebab_id;

/// The name of a chat without a title.
const NEW_CHAT: &str = "New Chat";

/// The name of a chat with this title.
pub(crate) fn chat_name(title: &str) -> &str {
    match title {
        "" => NEW_CHAT,
        title => title,
    }
}

/// The id that is derived from a name, cut to the length of an id.
pub(crate) fn id_from_name<Id: std::str::FromStr>(name: &str) -> Option<Id> {
    let id = kebab_id(name)?;
    let cut = &id[..id.floor_char_boundary(NAME_LENGTH_MAX)];
    cut.trim_end_matches('-').parse().ok()
}

/// The ids that a name may stand for: itself, and the one that is derived from it.
pub(crate) fn ids_of_name<Id: std::str::FromStr + PartialEq>(name: &str) -> Vec<Id> {
    let exact: Option<Id> = name.parse().ok();
    let derived = id_from_name(name).filter(|id| exact.as_ref() != Some(id));
    exact.into_iter().chain(derived).collect()
}

#[cfg(test)]
mod tests {
    use contract::{EntityId, WorldId};

    use super::*;

    #[test]
    fn the_id_from_a_long_name_is_cut() {
        let id: WorldId = id_from_name(&format!("{} tail", "x".repeat(63))).unwrap();
        assert_eq!(id.as_str(), "x".repeat(63));
        assert_eq!(id_from_name::<WorldId>("名前"), None);
    }

    #[test]
    fn a_name_stands_for_an_id_however_it_is_written() {
        for (name, expected) in [
            ("ada", &["ada"][..]),
            ("Eve 2", &["eve-2"]),
            ("EVE_2", &["EVE_2", "eve-2"]),
            ("名前", &[]),
        ] {
            let ids: Vec<EntityId> = ids_of_name(name);
            let ids: Vec<&str> = ids.iter().map(EntityId::as_str).collect();
            assert_eq!(ids, expected, "{name}");
        }
    }
}
