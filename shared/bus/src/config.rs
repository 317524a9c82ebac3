//! Where NATS is and how it keeps things.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

/// Where NATS is and how it keeps things.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Servers, joined by commas. The first may have a user and a password, `nats://USER:PASSWORD@HOST:PORT`, for all
    /// of them; replies then come on subjects under `_INBOX.USER`. `tls://HOST:PORT` is for TLS only. Default: the
    /// local one.
    pub url: String,
    /// A credentials file, if the server wants one.
    pub credentials: Option<PathBuf>,
    /// A file with the seed of an nkey, if the server wants one. With a user in `url`, and no password, replies come
    /// on subjects under `_INBOX.USER`. `manyworlds nats-accounts` writes such files.
    pub nkey: Option<PathBuf>,
    /// A file with the certificates (PEM) by which the server is known, beside those of the system.
    pub tls_ca: Option<PathBuf>,
    /// Files with the certificate of this client and its private key (PEM), if the server wants one.
    pub tls_cert: Option<PathBuf>,
    /// See `tls_cert`.
    pub tls_key: Option<PathBuf>,
    /// Copies of each stream and bucket: 1 for one server, 3 in production. Streams that exist
    /// keep what they have.
    pub replicas: usize,
}

impl Config {
    /// The servers without a password, for people.
    pub fn shown_url(&self) -> String {
        let servers = self.url.split(',').map(|server| {
            let (scheme, rest) = server.split_once("://").unwrap_or(("nats", server));
            let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            format!("{}://{host}", scheme.trim())
        });
        servers.collect::<Vec<_>>().join(",")
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("url", &self.shown_url())
            .field("credentials", &self.credentials)
            .field("nkey", &self.nkey)
            .field("tls_ca", &self.tls_ca)
            .field("tls_cert", &self.tls_cert)
            .field("tls_key", &self.tls_key)
            .field("replicas", &self.replicas)
            .finish()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: "nats://127.0.0.1:4222".to_owned(),
            credentials: None,
            nkey: None,
            tls_ca: None,
            tls_cert: None,
            tls_key: None,
            replicas: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        for (url, shown) in [
            ("nats://a:4222", "nats://a:4222"),
            (
                "nats://user:se@cret@a:4222,tls://b",
                "nats://a:4222,tls://b",
            ),
            ("user:secret@a", "nats://a"),
        ] {
            let config = Config {
                url: url.to_owned(),
                ..Config::default()
            };
            assert_eq!(config.shown_url(), shown);
            assert!(!format!("{config:?}").contains("cret"));
        }
    }
}
