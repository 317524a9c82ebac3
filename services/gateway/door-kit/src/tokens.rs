//! JSON Web Tokens that authenticate clients: signed by others, and verified here by their keys.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use contract::Timestamp;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::timeout;

use crate::api_keys::fingerprint;
use crate::permissions::Permissions;
use crate::principal::Principal;

/// By how much the clocks of an issuer and of this system may differ.
const LEEWAY: Duration = Duration::from_secs(30);
/// The shortest secret: as long as its digest.
const SECRET_BYTES_MIN: usize = 32;
/// As many characters of a subject are logged.
const SUBJECT_CHARACTERS_MAX: usize = 128;
/// How long a request waits for new keys, when its token names one that is unknown.
const KEYS_WITHIN: Duration = Duration::from_secs(3);
/// How many requests wait so at a time.
const WAITERS_MAX: usize = 64;

/// Keys that verify tokens.
#[derive(Default, Clone)]
pub struct TokenKeys(Vec<TokenKey>);

#[derive(Clone)]
struct TokenKey {
    /// Its `kid`. A key without one is tried for every token of its algorithm.
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl TokenKeys {
    /// A secret for HS256.
    ///
    /// # Errors
    /// When it is too short.
    pub fn secret(secret: &[u8]) -> Result<Self, String> {
        if secret.len() < SECRET_BYTES_MIN {
            return Err(format!(
                "the secret of tokens has {} bytes: {SECRET_BYTES_MIN} at least",
                secret.len()
            ));
        }
        let key = DecodingKey::from_secret(secret).map_err(|error| error.to_string())?;
        Ok(Self::one(Algorithm::HS256, key))
    }

    /// A public key for EdDSA (Ed25519), as PEM.
    ///
    /// # Errors
    /// When it is none.
    pub fn ed25519_pem(pem: &[u8]) -> Result<Self, String> {
        let key = DecodingKey::from_ed_pem(pem).map_err(|error| error.to_string())?;
        Ok(Self::one(Algorithm::EdDSA, key))
    }

    /// The keys of a JSON Web Key Set that are for signatures, by EdDSA, ES256 or RS256. Others are ignored, secrets
    /// among them: who can read the set could sign with them.
    ///
    /// # Errors
    /// When it is no such set, or has no key of these.
    pub fn jwks(text: &str) -> Result<Self, String> {
        let set: KeySet = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let keys: Vec<TokenKey> = set.keys.into_iter().filter_map(key_of).collect();
        if keys.is_empty() {
            return Err("the key set has no key for EdDSA, ES256 or RS256".to_owned());
        }
        Ok(Self(keys))
    }

    /// All of these.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn one(algorithm: Algorithm, key: DecodingKey) -> Self {
        Self(vec![TokenKey {
            id: None,
            algorithm,
            key,
        }])
    }

    /// The keys that may have signed a token with this header.
    fn of<'a>(&'a self, header: &'a Header) -> impl Iterator<Item = &'a TokenKey> {
        let is_named = |key: &&TokenKey| match (&key.id, &header.kid) {
            (Some(id), Some(wanted)) => id == wanted,
            _ => true,
        };
        let keys = self.0.iter().filter(is_named);
        keys.filter(|key| key.algorithm == header.alg)
    }
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

fn key_of(json: Value) -> Option<TokenKey> {
    let jwk: Jwk = serde_json::from_value(json).ok()?;
    if matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)) {
        return None;
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            Algorithm::EdDSA
        }
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            Algorithm::ES256
        }
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        _ => return None,
    };
    let named = jwk.common.key_algorithm;
    if named.is_some_and(|named| named.to_string().parse() != Ok(algorithm)) {
        return None;
    }
    Some(TokenKey {
        key: DecodingKey::from_jwk(&jwk).ok()?,
        id: jwk.common.key_id,
        algorithm,
    })
}

/// What tokens must say.
#[derive(Debug, Clone, Default)]
pub struct TokenRules {
    /// Who must have issued them; anybody with a key, when absent.
    pub issuer: Option<String>,
    /// For whom they must be; for anybody, when absent.
    pub audience: Option<String>,
}

/// Verifies tokens.
pub struct Tokens {
    rules: TokenRules,
    fixed: TokenKeys,
    fetched: RwLock<TokenKeys>,
    /// How often keys were fetched.
    fetches: watch::Sender<u64>,
    /// A token names a key that is unknown.
    unknown: Notify,
    waiters: Semaphore,
    is_fetching: bool,
}

impl Tokens {
    /// Verifies tokens with these keys, and, if `is_fetching`, with those of [`Tokens::set_fetched`].
    pub fn new(rules: TokenRules, keys: TokenKeys, is_fetching: bool) -> Self {
        Self {
            rules,
            fixed: keys,
            fetched: RwLock::default(),
            fetches: watch::Sender::new(0),
            unknown: Notify::new(),
            waiters: Semaphore::new(WAITERS_MAX),
            is_fetching,
        }
    }

    /// Whether clients may have tokens.
    pub fn is_enabled(&self) -> bool {
        !self.fixed.is_empty() || self.is_fetching
    }

    /// Sets the keys that were fetched, in place of those before.
    pub fn set_fetched(&self, keys: TokenKeys) {
        *self.fetched.write().unwrap_or_else(PoisonError::into_inner) = keys;
        self.note_fetch();
    }

    /// Keys were fetched, or could not be.
    pub fn note_fetch(&self) {
        self.fetches.send_modify(|count| *count += 1);
    }

    /// Returns when a token names a key that is unknown.
    pub async fn until_unknown_key(&self) {
        self.unknown.notified().await;
    }

    /// The principal of a token at `now`.
    ///
    /// # Errors
    /// Why it is not let in. A key that is unknown may be new: see [`Self::wait_for_keys`].
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<Principal, InvalidToken> {
        self.check(token, now)
    }

    /// Waits until keys are fetched, if an unknown key may be among them. Whether they were.
    pub(crate) async fn wait_for_keys(&self) -> bool {
        // Anybody can name a key that is unknown: few wait at a time.
        let Ok(_place) = self.waiters.try_acquire() else {
            return false;
        };
        if !self.is_fetching {
            return false;
        }
        let mut fetches = self.fetches.subscribe();
        self.unknown.notify_one();
        timeout(KEYS_WITHIN, fetches.changed()).await.is_ok()
    }

    fn check(&self, token: &str, now: Timestamp) -> Result<Principal, InvalidToken> {
        let header = decode_header(token).map_err(|_| InvalidToken::Malformed)?;
        let fetched = self.fetched.read();
        let fetched = fetched.unwrap_or_else(PoisonError::into_inner);
        let mut result = Err(InvalidToken::UnknownKey);
        let mut is_named = false;
        for key in self.fixed.of(&header).chain(fetched.of(&header)) {
            is_named |= key.id.is_some() && key.id == header.kid;
            match self.claims(token, key) {
                Ok(claims) => return claims.into_principal(now),
                Err(error) => result = Err(error),
            }
        }
        // A key without a name was tried, and the token names another.
        if matches!(result, Err(InvalidToken::Signature)) && header.kid.is_some() && !is_named {
            return Err(InvalidToken::UnknownKey);
        }
        result
    }

    fn claims(&self, token: &str, key: &TokenKey) -> Result<TokenPayload, InvalidToken> {
        let mut validation = Validation::new(key.algorithm);
        // By the clock of all services, and not by this machine's.
        validation.validate_exp = false;
        let mut required = vec!["exp", "sub"];
        match &self.rules.issuer {
            Some(issuer) => {
                validation.set_issuer(&[issuer]);
                required.push("iss");
            }
            None => validation.iss = None,
        }
        match &self.rules.audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                required.push("aud");
            }
            None => validation.validate_aud = false,
        }
        validation.set_required_spec_claims(&required);
        let decoded = decode::<TokenPayload>(token, &key.key, &validation);
        Ok(decoded.map_err(|error| InvalidToken::of(&error))?.claims)
    }
}

impl Default for Tokens {
    /// It knows no key.
    fn default() -> Self {
        Self::new(TokenRules::default(), TokenKeys::default(), false)
    }
}

/// The payload of a token.
#[derive(Deserialize)]
struct TokenPayload {
    sub: String,
    #[serde(default)]
    iss: Option<String>,
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
    /// What its holder may do.
    manyworlds: Permissions,
}

impl TokenPayload {
    fn into_principal(self, now: Timestamp) -> Result<Principal, InvalidToken> {
        let seconds = |time: f64| Timestamp::from_unix_ms((time * 1000.0) as i64);
        let expires = seconds(self.exp) + LEEWAY;
        if now >= expires {
            return Err(InvalidToken::Expired);
        }
        if self.nbf.is_some_and(|start| now + LEEWAY < seconds(start)) {
            return Err(InvalidToken::NotYet);
        }
        let mut hash = Sha256::new();
        let issuer = self.iss.unwrap_or_default();
        hash.update(issuer.len().to_be_bytes());
        hash.update(issuer.as_bytes());
        hash.update(self.sub.as_bytes());
        let fingerprint = fingerprint(&hash.finalize().into());
        let permissions = Arc::new(self.manyworlds);
        let subject: String = self.sub.chars().take(SUBJECT_CHARACTERS_MAX).collect();
        let principal = Principal::from_token(fingerprint, permissions, expires);
        Ok(principal.with_name(Some(subject.into())))
    }
}

/// Why a token is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvalidToken {
    Malformed,
    UnknownKey,
    Signature,
    Issuer,
    Audience,
    Expired,
    NotYet,
    Claims,
}

impl InvalidToken {
    fn of(error: &jsonwebtoken::errors::Error) -> Self {
        use jsonwebtoken::errors::ErrorKind;
        match error.kind() {
            ErrorKind::InvalidSignature => Self::Signature,
            ErrorKind::InvalidIssuer => Self::Issuer,
            ErrorKind::InvalidAudience => Self::Audience,
            ErrorKind::MissingRequiredClaim(_)
            | ErrorKind::InvalidClaimFormat(_)
            | ErrorKind::Json(_) => Self::Claims,
            _ => Self::Malformed,
        }
    }

    /// For the client.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Malformed => "the token is no JSON Web Token that can be read",
            Self::UnknownKey => {
                "the token is signed with a key or an algorithm that is not known here"
            }
            Self::Signature => "the signature of the token is wrong",
            Self::Issuer => "the token is of another issuer (iss)",
            Self::Audience => "the token is for somebody else (aud)",
            Self::Expired => "the token has expired (exp)",
            Self::NotYet => "the token is not valid yet (nbf)",
            Self::Claims => {
                "the token lacks a claim, or one is malformed: sub, exp, manyworlds {worlds, entities, scopes}, and \
                 iss and aud where they are configured"
            }
        }
    }
}

#[cfg(test)]
mod tests;
