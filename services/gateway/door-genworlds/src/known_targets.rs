//! The targets whose names the world has accepted as ids. Pure.

use std::collections::HashSet;

/// Names that are kept. A client that uses more of them has each read again.
const NAMES_MAX: usize = 256;

/// The targets of a connection whose names the world has accepted as ids: an event to one of them needs no
/// look at display names.
#[derive(Default)]
pub(crate) struct KnownTargets(HashSet<String>);

impl KnownTargets {
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    pub(crate) fn insert(&mut self, name: &str) {
        if self.0.len() >= NAMES_MAX {
            self.0.clear();
        }
        self.0.insert(name.to_owned());
    }

    /// The world has refused it: from now on it may be a display name.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounded_number_of_names_is_kept() {
        let mut known = KnownTargets::default();
        for n in 0..2 * NAMES_MAX {
            known.insert(&n.to_string());
            assert!(known.contains(&n.to_string()));
            assert!(known.0.len() <= NAMES_MAX);
        }
        known.remove("511");
        assert!(!known.contains("511"));
    }
}
