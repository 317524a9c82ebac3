//! API keys: only their digests are kept, and compared in constant time.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable, ConstantTimeEq};

use crate::permissions::Permissions;
use crate::principal::Principal;

/// The API keys that authenticate a client.
#[derive(Default)]
pub struct ApiKeys(Vec<ApiKey>);

struct ApiKey {
    digest: [u8; 32],
    name: Option<Arc<str>>,
    permissions: Arc<Permissions>,
}

/// An API key, as it is configured.
pub struct NewApiKey<'a> {
    /// The key.
    pub key: &'a str,
    /// What logs call it.
    pub name: Option<&'a str>,
    /// What its clients may do.
    pub permissions: Permissions,
}

impl ApiKeys {
    /// These keys.
    pub fn new<'a>(keys: impl IntoIterator<Item = NewApiKey<'a>>) -> Self {
        let keys = keys.into_iter().map(|new| ApiKey {
            digest: digest(new.key),
            name: new.name.map(Arc::from),
            permissions: Arc::new(new.permissions),
        });
        Self(keys.collect())
    }

    /// Whether no key is configured.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The principal of a key. How long this takes does not depend on the key.
    pub(crate) fn find(&self, key: &str) -> Option<Principal> {
        let offered = digest(key);
        let mut found = u64::MAX;
        for (index, key) in (0..).zip(&self.0) {
            found.conditional_assign(&index, key.digest.ct_eq(&offered));
        }
        let found = self.0.get(usize::try_from(found).ok()?)?;
        let permissions = Arc::clone(&found.permissions);
        let principal = Principal::from_key(fingerprint(&offered), permissions);
        Some(principal.with_name(found.name.clone()))
    }
}

/// The first bytes of a digest.
pub(crate) fn fingerprint(digest: &[u8; 32]) -> u64 {
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

    fn new(key: &str, permissions: Permissions) -> NewApiKey<'_> {
        let name = None;
        NewApiKey {
            key,
            name,
            permissions,
        }
    }

    #[test]
    fn only_a_complete_key_authenticates() {
        let keys = ApiKeys::new([
            new("one", Permissions::default()),
            new("two", Permissions::default()),
        ]);
        let id = |key: &str| keys.find(key).map(|principal| principal.id());
        assert!(id("one").is_some() && id("two").is_some() && id("one") != id("two"));
        for wrong in ["", "on", "onetwo", "One"] {
            assert_eq!(id(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn each_key_has_its_own_grant() {
        let limited: Permissions = serde_json::from_str(r#"{"entities": ["ann"]}"#).unwrap();
        let keys = ApiKeys::new([
            new("some", limited.clone()),
            new("all", Permissions::default()),
            new("other", Permissions::default()),
        ]);
        let permissions = |key: &str| keys.find(key).unwrap().permissions().clone();
        assert_eq!(permissions("some"), limited);
        assert!(permissions("all").is_unlimited() && permissions("other").is_unlimited());
    }
}
