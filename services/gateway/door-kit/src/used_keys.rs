//! Which body each idempotency key belongs to.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keys whose requests are remembered, the newest: as many as a world has commands in its memory. They are those that
/// this gateway has seen; a world answers a key that it remembers as it answered first, whatever the body.
const KEYS_MAX: usize = 32_768;

/// A SHA-256.
pub(crate) type Hash = [u8; 32];

/// The bodies of the newest keys.
#[derive(Default)]
pub(crate) struct UsedKeys(Mutex<Bodies>);

#[derive(Default)]
struct Bodies {
    by_key: HashMap<Hash, Hash>,
    /// Oldest first. A key that was forgotten may be in it.
    order: VecDeque<Hash>,
}

/// What is known of a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// It is new.
    First,
    /// It came with the same body.
    Repeat,
    /// It came with another one.
    OtherBody,
}

impl UsedKeys {
    /// Notes a key with its body, unless it came with one before.
    pub(crate) fn note(&self, key: Hash, body: Hash) -> Use {
        let mut bodies = self.lock();
        match bodies.by_key.entry(key) {
            Entry::Occupied(known) if *known.get() == body => return Use::Repeat,
            Entry::Occupied(_) => return Use::OtherBody,
            Entry::Vacant(place) => place.insert(body),
        };
        bodies.order.push_back(key);
        while bodies.order.len() > KEYS_MAX {
            if let Some(oldest) = bodies.order.pop_front() {
                bodies.by_key.remove(&oldest);
            }
        }
        Use::First
    }

    /// Forgets a key whose request changed nothing.
    pub(crate) fn forget(&self, key: &Hash) {
        self.lock().by_key.remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, Bodies> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn hash(text: &[u8]) -> Hash {
        Sha256::digest(text).into()
    }

    #[test]
    fn a_key_belongs_to_its_first_body_until_it_is_forgotten() {
        let keys = UsedKeys::default();
        let [key, one, other] = [b"key", b"one", b"two"].map(|text| hash(text));
        assert_eq!(keys.note(key, one), Use::First);
        assert_eq!(keys.note(key, one), Use::Repeat);
        assert_eq!(keys.note(key, other), Use::OtherBody);
        keys.forget(&key);
        assert_eq!(keys.note(key, other), Use::First);
    }

    #[test]
    fn the_oldest_keys_give_way_to_the_newest() {
        let keys = UsedKeys::default();
        let key = |n: usize| hash(&n.to_be_bytes());
        for n in 0..=KEYS_MAX {
            assert_eq!(keys.note(key(n), key(0)), Use::First);
        }
        assert_eq!(keys.note(key(KEYS_MAX), key(1)), Use::OtherBody);
        assert_eq!(keys.note(key(0), key(1)), Use::First);
        assert_eq!(keys.lock().by_key.len(), KEYS_MAX);
    }
}
