//! Who a client is.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use contract::Timestamp;
use tokio::time::Instant;

use crate::broker::Clock;
use crate::permissions::Permissions;

/// Who a client is, as authentication found it, and what it may do. It is in the extensions of each request that
/// was let in.
#[derive(Debug, Clone)]
pub struct Principal {
    id: PrincipalId,
    /// The name of its key, or the subject of its token.
    name: Option<Arc<str>>,
    permissions: Arc<Permissions>,
    /// Until when it is let in.
    expires: Option<Timestamp>,
}

/// Who a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrincipalId {
    /// A client with an API key.
    ApiKey {
        /// The first bytes of the key's SHA-256.
        fingerprint: u64,
    },
    /// A client with a token.
    Token {
        /// The first bytes of the SHA-256 of its issuer and its subject.
        fingerprint: u64,
    },
    /// A client without a key, where none is configured: its address. Of IPv6 the network, since a
    /// client owns a whole one.
    Address(IpAddr),
}

impl Principal {
    /// A client with an API key.
    pub fn from_key(fingerprint: u64, permissions: Arc<Permissions>) -> Self {
        Self {
            id: PrincipalId::ApiKey { fingerprint },
            name: None,
            permissions,
            expires: None,
        }
    }

    /// A client with a token, until it expires.
    pub fn from_token(fingerprint: u64, permissions: Arc<Permissions>, expires: Timestamp) -> Self {
        Self {
            id: PrincipalId::Token { fingerprint },
            name: None,
            permissions,
            expires: Some(expires),
        }
    }

    /// The same client, with the name of its key or the subject of its token.
    #[must_use]
    pub fn with_name(self, name: Option<Arc<str>>) -> Self {
        Self { name, ..self }
    }

    /// A client without a key.
    pub fn from_address(address: IpAddr) -> Self {
        let address = match address.to_canonical() {
            IpAddr::V6(v6) => {
                let network = u128::from(v6) & !u128::from(u64::MAX);
                IpAddr::V6(network.into())
            }
            v4 => v4,
        };
        Self {
            id: PrincipalId::Address(address),
            name: None,
            permissions: Arc::default(),
            expires: None,
        }
    }

    /// Who it is.
    pub fn id(&self) -> PrincipalId {
        self.id
    }

    /// What a world's log says of who changed the world; nothing of a client without a key, of which only the address is
    /// known.
    pub fn audit_name(&self) -> Option<String> {
        let kind = match self.id {
            PrincipalId::ApiKey { .. } => "key",
            PrincipalId::Token { .. } => "token",
            PrincipalId::Address(_) => return None,
        };
        let named = self.name.as_ref().map(|name| format!("{kind}:{name}"));
        Some(named.unwrap_or_else(|| self.id.to_string()))
    }

    /// What it may do.
    pub fn permissions(&self) -> &Permissions {
        &self.permissions
    }

    /// Until when it is let in; always, when absent.
    pub fn expires_at(&self, clock: &Clock) -> Option<Instant> {
        let expires = self.expires?;
        Some(Instant::now() + expires.since(clock.now()))
    }

    /// Its address, if that is all that is known of it.
    pub fn address(&self) -> Option<IpAddr> {
        match self.id {
            PrincipalId::Address(address) => Some(address),
            PrincipalId::ApiKey { .. } | PrincipalId::Token { .. } => None,
        }
    }

    /// What keeps the idempotency keys of different principals apart. Without API keys all clients
    /// share one scope: an address is no identity, and a client may repeat a request from another.
    pub fn idempotency_scope(&self) -> String {
        match self.id {
            PrincipalId::ApiKey { fingerprint } => format!("key {fingerprint:x}"),
            PrincipalId::Token { fingerprint } => format!("token {fingerprint:x}"),
            PrincipalId::Address(_) => String::new(),
        }
    }
}

impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiKey { fingerprint } => write!(f, "key:{fingerprint:016x}"),
            Self::Token { fingerprint } => write!(f, "token:{fingerprint:016x}"),
            Self::Address(address) => write!(f, "address:{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_names_clients_with_a_key_or_a_token() {
        let key = Principal::from_key(0x0012_3456_789a_bcde, Arc::default());
        assert_eq!(key.audit_name().unwrap(), "key:00123456789abcde");
        let key = key.with_name(Some("deployment".into()));
        assert_eq!(key.audit_name().unwrap(), "key:deployment");
        let until = Timestamp::from_unix_ms(1);
        let token = Principal::from_token(7, Arc::default(), until).with_name(Some("ann".into()));
        assert_eq!(token.audit_name().unwrap(), "token:ann");
        let nobody = Principal::from_address([127, 0, 0, 1].into());
        assert_eq!(nobody.audit_name(), None);
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        let of = |text: &str| Principal::from_address(text.parse().unwrap()).id();
        assert_eq!(of("2001:db8::1"), of("2001:db8::2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }
}
