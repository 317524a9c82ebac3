//! Who a client is.

use std::net::IpAddr;

/// Who a client is, as authentication found it. It is in the extensions of each request that was let
/// in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A client with an API key.
    ApiKey {
        /// The first bytes of the key's SHA-256.
        fingerprint: u64,
    },
    /// A client without a key, where none is configured: its address. Of IPv6 the network, since a
    /// client owns a whole one.
    Address(IpAddr),
}

impl Principal {
    /// The principal of a client without a key.
    pub fn from_address(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(v6) => {
                let network = u128::from(v6) & !u128::from(u64::MAX);
                IpAddr::V6(network.into())
            }
            v4 => v4,
        })
    }

    /// What keeps the idempotency keys of different principals apart. Without API keys all clients
    /// share one scope: an address is no identity, and a client may repeat a request from another.
    pub fn idempotency_scope(&self) -> String {
        match self {
            Self::ApiKey { fingerprint } => format!("key {fingerprint:x}"),
            Self::Address(_) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_client_is_its_network() {
        let of = |text: &str| Principal::from_address(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }
}
