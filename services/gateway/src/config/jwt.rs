//! JSON Web Tokens, as the configuration has them.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use door_kit::{TokenKeys, TokenRules, Tokens};
use reqwest::Url;
use serde::Deserialize;

/// Tokens that authenticate clients: who signs them, and what they must say. The claim `manyworlds` of a token has what
/// its holder may do, as an entry of `api_keys` has it: `{"worlds": ["lobby"], "entities": ["ann"], "scopes": ["read",
/// "send"]}`, and `{}` for everything.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JwtConfig {
    /// Who must have issued a token (`iss`). Default: anybody with a key.
    pub issuer: Option<String>,
    /// For whom it must be (`aud`). Default: for anybody.
    pub audience: Option<String>,
    /// A file with a secret for HS256, of 32 bytes at least; white space at its end does not count. Default: none.
    pub secret_file: Option<PathBuf>,
    /// A file with a public key for EdDSA (Ed25519), as PEM. Default: none.
    pub public_key_file: Option<PathBuf>,
    /// A file with a JSON Web Key Set. Its public keys for EdDSA, ES256 and RS256 are used. Default: none.
    pub jwks_file: Option<PathBuf>,
    /// Where such a set is fetched: at the start, every ten minutes, and when a token names a key that is not in it, but
    /// every ten seconds at most. While it can't be fetched, the last one is used. Default: none.
    pub jwks_url: Option<String>,
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl JwtConfig {
    /// Whether clients may have tokens.
    pub(crate) fn is_enabled(&self) -> bool {
        self.jwks_url.is_some()
            || [&self.secret_file, &self.public_key_file, &self.jwks_file]
                .iter()
                .any(|file| file.is_some())
    }

    /// Where keys are fetched.
    ///
    /// # Errors
    /// When it is no address.
    pub(crate) fn jwks_url(&self) -> anyhow::Result<Option<Url>> {
        let url = self.jwks_url.as_deref().map(Url::parse);
        let url = url.transpose().context("jwt.jwks_url is no address")?;
        let is_safe = |url: &Url| url.scheme() == "https" || is_loopback(url);
        anyhow::ensure!(
            url.as_ref().is_none_or(is_safe),
            "jwt.jwks_url: who is between could put keys in place of those: use https"
        );
        Ok(url)
    }

    /// What verifies the tokens.
    ///
    /// # Errors
    /// When a file can't be read, or its key can't be used.
    pub(crate) fn tokens(&self) -> anyhow::Result<Arc<Tokens>> {
        let mut keys = TokenKeys::default();
        let mut add = |name: &str,
                       file: &Option<PathBuf>,
                       read: &dyn Fn(&[u8]) -> Result<TokenKeys, String>| {
            let Some(path) = file else {
                return Ok(());
            };
            let shown = path.display();
            let bytes = fs::read(path).with_context(|| format!("read jwt.{name} {shown}"))?;
            let read = read(&bytes).map_err(anyhow::Error::msg);
            keys.extend(read.with_context(|| format!("jwt.{name} {shown}"))?);
            anyhow::Ok(())
        };
        add("secret_file", &self.secret_file, &|bytes| {
            TokenKeys::secret(bytes.trim_ascii_end())
        })?;
        add(
            "public_key_file",
            &self.public_key_file,
            &TokenKeys::ed25519_pem,
        )?;
        add("jwks_file", &self.jwks_file, &|bytes| {
            TokenKeys::jwks(&String::from_utf8_lossy(bytes))
        })?;
        let rules = TokenRules {
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
        };
        Ok(Arc::new(Tokens::new(rules, keys, self.jwks_url.is_some())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_fetched_over_https_or_from_this_machine() {
        for (url, is_taken) in [
            ("https://id.example/jwks.json", true),
            ("http://127.0.0.1:9000/jwks.json", true),
            ("http://[::1]/jwks.json", true),
            ("http://localhost/jwks.json", true),
            ("http://id.example/jwks.json", false),
            ("file:///jwks.json", false),
            ("jwks.json", false),
        ] {
            let config = JwtConfig {
                jwks_url: Some(url.to_owned()),
                ..JwtConfig::default()
            };
            assert_eq!(config.jwks_url().is_ok(), is_taken, "{url}");
        }
    }
}
