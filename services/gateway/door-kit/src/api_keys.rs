//! API keys: only their digests are kept, and compared in constant time.

use std::collections::{BTreeSet, HashMap};

use contract::EntityId;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::principal::Principal;

/// The API keys that authenticate a client.
pub struct ApiKeys {
    digests: Vec<[u8; 32]>,
    /// The entities of the keys that may not act as every one, by the fingerprint of the key.
    entities: HashMap<u64, BTreeSet<EntityId>>,
}

impl ApiKeys {
    /// The keys of these texts, each with the entities as which it may act: all, when absent.
    pub fn new<'a>(keys: impl IntoIterator<Item = (&'a str, Option<&'a [EntityId]>)>) -> Self {
        let mut made = Self {
            digests: Vec::new(),
            entities: HashMap::new(),
        };
        for (key, entities) in keys {
            let digest = digest(key);
            if let Some(entities) = entities {
                let allowed = made.entities.entry(fingerprint(&digest)).or_default();
                allowed.extend(entities.iter().cloned());
            }
            made.digests.push(digest);
        }
        made
    }

    /// Whether no key is configured, so that every client is let in.
    pub(crate) fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// The principal of a key. How long this takes does not depend on the key.
    pub(crate) fn find(&self, key: &str) -> Option<Principal> {
        let offered = digest(key);
        let mut found = Choice::from(0);
        for digest in &self.digests {
            found |= digest.ct_eq(&offered);
        }
        bool::from(found).then(|| Principal::ApiKey {
            fingerprint: fingerprint(&offered),
        })
    }

    /// The only entities as which a principal may act; `None` when it may act as every one.
    pub(crate) fn entities_of(&self, principal: &Principal) -> Option<&BTreeSet<EntityId>> {
        match principal {
            Principal::ApiKey { fingerprint } => self.entities.get(fingerprint),
            Principal::Address(_) => None,
        }
    }
}

fn fingerprint(digest: &[u8; 32]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_complete_key_authenticates() {
        let keys = ApiKeys::new([("one", None), ("two", None)]);
        let (one, two) = (keys.find("one"), keys.find("two"));
        assert!(one.is_some() && two.is_some() && one != two);
        for wrong in ["", "on", "onetwo", "One"] {
            assert_eq!(keys.find(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_key_with_a_list_acts_as_its_entities_only() {
        let ann: EntityId = "ann".parse().unwrap();
        let listed = [ann.clone()];
        let keys = ApiKeys::new([
            ("all", None),
            ("some", Some(&listed[..])),
            ("no", Some(&[])),
        ]);
        let of = |key: &str| keys.entities_of(&keys.find(key).unwrap());
        assert_eq!(of("all"), None);
        assert_eq!(of("some"), Some(&BTreeSet::from([ann])));
        assert_eq!(of("no"), Some(&BTreeSet::new()));
        let address = Principal::from_address([127, 0, 0, 1].into());
        assert_eq!(keys.entities_of(&address), None);
    }
}
