//! API keys: only their digests are kept, and compared in constant time.

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::principal::Principal;

/// The API keys that authenticate a client.
pub struct ApiKeys {
    digests: Vec<[u8; 32]>,
}

impl ApiKeys {
    /// The keys of these texts.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            digests: keys.into_iter().map(digest).collect(),
        }
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
        let mut fingerprint = [0; 8];
        fingerprint.copy_from_slice(&offered[..8]);
        bool::from(found).then(|| Principal::ApiKey {
            fingerprint: u64::from_be_bytes(fingerprint),
        })
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_complete_key_authenticates() {
        let keys = ApiKeys::new(["one", "two"]);
        let (one, two) = (keys.find("one"), keys.find("two"));
        assert!(one.is_some() && two.is_some() && one != two);
        for wrong in ["", "on", "onetwo", "One"] {
            assert_eq!(keys.find(wrong), None, "{wrong}");
        }
    }
}
