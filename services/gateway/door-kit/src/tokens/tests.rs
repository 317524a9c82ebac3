use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, encode};
use serde_json::json;

use super::*;
use crate::permissions::Scope;

const SECRET: &[u8] = b"a secret of thirty-two bytes, at least";
/// The first private key of the test vectors of RFC 8032, and its public key.
const ED25519: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
    -----END PRIVATE KEY-----\n";
const ED25519_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

/// The public key of the second of those test vectors.
const OTHER_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n\
    -----END PUBLIC KEY-----\n";

fn now() -> Timestamp {
    Timestamp::from_unix_ms(1_800_000_000_000)
}

fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "sub": "ann", "iss": "https://issuer.example", "aud": "manyworlds", "exp": 1_800_000_600,
        "manyworlds": {"worlds": ["lobby"], "entities": ["ann"], "scopes": ["read", "send"]},
    });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims
                .as_object_mut()
                .unwrap()
                .insert(name.clone(), value.clone()),
        };
    }
    claims
}

fn signed(claims: &Value) -> String {
    let key = EncodingKey::from_secret(SECRET).unwrap();
    encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
}

fn signed_by_ed25519(kid: Option<&str>) -> String {
    let header = Header {
        kid: kid.map(str::to_owned),
        ..Header::new(Algorithm::EdDSA)
    };
    let key = EncodingKey::from_ed_pem(ED25519.as_bytes()).unwrap();
    encode(&header, &claims(&json!({})), &key).unwrap()
}

fn jwks(kid: &str) -> TokenKeys {
    let key = json!({"kty": "OKP", "crv": "Ed25519", "x": ED25519_X, "kid": kid, "use": "sig", "alg": "EdDSA"});
    // Those that are no public keys for signatures are passed over.
    let secret = json!({"kty": "oct", "k": BASE64_URL_SAFE_NO_PAD.encode(SECRET), "alg": "HS256"});
    let other = json!({"kty": "new", "kid": "x"});
    TokenKeys::jwks(&json!({"keys": [other, secret, key]}).to_string()).unwrap()
}

fn tokens(keys: TokenKeys) -> Tokens {
    let rules = TokenRules {
        issuer: Some("https://issuer.example".to_owned()),
        audience: Some("manyworlds".to_owned()),
    };
    Tokens::new(rules, keys, false)
}

fn verify(token: &str) -> Result<Principal, InvalidToken> {
    let tokens = tokens(TokenKeys::secret(SECRET).unwrap());
    tokens.verify(token, now())
}

#[tokio::test]
async fn a_token_says_what_its_holder_may_do() {
    let principal = verify(&signed(&claims(&json!({})))).unwrap();
    let permissions = principal.permissions();
    assert!(
        permissions.includes(&"lobby".parse().unwrap())
            && !permissions.includes(&"x".parse().unwrap())
    );
    assert!(permissions.has(Scope::Send) && !permissions.has(Scope::Manage));
    let again = verify(&signed(&claims(&json!({"manyworlds": {}}))));
    assert_eq!(again.unwrap().id(), principal.id(), "the same subject");
    let other = verify(&signed(&claims(&json!({"sub": "bob"}))));
    assert_ne!(other.unwrap().id(), principal.id());
}

#[tokio::test]
async fn each_fault_of_a_token_is_named() {
    for (changes, expected) in [
        (json!({"exp": 1_799_999_969}), InvalidToken::Expired),
        (json!({"nbf": 1_800_000_031}), InvalidToken::NotYet),
        (
            json!({"iss": "https://other.example"}),
            InvalidToken::Issuer,
        ),
        (json!({"aud": "other"}), InvalidToken::Audience),
        (json!({"exp": null}), InvalidToken::Claims),
        (json!({"sub": null}), InvalidToken::Claims),
        (json!({"iss": null}), InvalidToken::Claims),
        (json!({"aud": null}), InvalidToken::Claims),
        (json!({"manyworlds": null}), InvalidToken::Claims),
        (json!({"manyworlds": {"scope": []}}), InvalidToken::Claims),
    ] {
        let found = verify(&signed(&claims(&changes)));
        assert_eq!(found.map(|_| ()), Err(expected), "{changes}");
    }
    // The clocks may differ a little.
    for changes in [json!({"exp": 1_799_999_971}), json!({"nbf": 1_800_000_030})] {
        let found = verify(&signed(&claims(&changes)));
        assert!(found.is_ok(), "{changes}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_signed_with_the_key_is_refused() {
    let token = signed(&claims(&json!({})));
    let (message, signature) = token.rsplit_once('.').unwrap();
    let other_claims = signed(&claims(&json!({"sub": "world"})));
    let (other_message, _) = other_claims.rsplit_once('.').unwrap();
    let unsigned = json!({"alg": "none", "typ": "JWT"}).to_string();
    let unsigned = BASE64_URL_SAFE_NO_PAD.encode(unsigned);
    let payload = token.split('.').nth(1).unwrap();
    for (token, expected) in [
        (
            format!("{other_message}.{signature}"),
            InvalidToken::Signature,
        ),
        (format!("{message}."), InvalidToken::Signature),
        (format!("{unsigned}.{payload}."), InvalidToken::Malformed),
        ("a.b.c".to_owned(), InvalidToken::Malformed),
        ("..".to_owned(), InvalidToken::Malformed),
        (signed_by_ed25519(None), InvalidToken::UnknownKey),
    ] {
        let found = verify(&token);
        assert_eq!(found.map(|_| ()), Err(expected), "{token}");
    }
    assert!(TokenKeys::secret(b"too short").is_err());
}

#[tokio::test]
async fn the_public_key_is_no_secret_for_another_algorithm() {
    // With a public key as the secret of HS256 anybody could sign.
    let public = BASE64_URL_SAFE_NO_PAD.decode(ED25519_X).unwrap();
    let key = EncodingKey::from_secret(&public).unwrap();
    let forged = encode(&Header::new(Algorithm::HS256), &claims(&json!({})), &key).unwrap();
    let found = tokens(jwks("k1")).verify(&forged, now());
    assert_eq!(found.map(|_| ()), Err(InvalidToken::UnknownKey));
    // Nor is a secret in a key set.
    let signed = signed(&claims(&json!({})));
    let found = tokens(jwks("k1")).verify(&signed, now());
    assert_eq!(found.map(|_| ()), Err(InvalidToken::UnknownKey));
}

#[tokio::test(start_paused = true)]
async fn keys_of_a_set_rotate() {
    // Beside a key that has no name, and is tried for every token of its algorithm.
    let mut fixed = TokenKeys::ed25519_pem(OTHER_PEM.as_bytes()).unwrap();
    fixed.extend(TokenKeys::secret(SECRET).unwrap());
    let tokens = Tokens::new(TokenRules::default(), fixed, true);
    let (old, new) = (signed_by_ed25519(Some("k1")), signed_by_ed25519(Some("k2")));
    tokens.set_fetched(jwks("k1"));
    assert!(tokens.verify(&old, now()).is_ok());
    let verified = |token: &str| tokens.verify(token, now()).map(|_| ());
    assert_eq!(verified(&new), Err(InvalidToken::UnknownKey));
    // A key that is unknown is fetched, and its request waits for that.
    let fetch = async {
        tokens.until_unknown_key().await;
        tokens.set_fetched(jwks("k2"));
    };
    let (fetched, ()) = tokio::join!(tokens.wait_for_keys(), fetch);
    assert!(fetched);
    assert_eq!(verified(&new), Ok(()));
    // The old one is gone, and nothing is fetched in time.
    assert_eq!(verified(&old), Err(InvalidToken::UnknownKey));
    assert!(!tokens.wait_for_keys().await);
    // However many name keys that are unknown, few of them wait.
    let waiting: Vec<_> = (0..WAITERS_MAX)
        .map(|_| tokens.waiters.try_acquire().unwrap())
        .collect();
    assert!(!tokens.wait_for_keys().await);
    drop(waiting);
}

#[tokio::test]
async fn a_public_key_may_be_pem() {
    let x = BASE64_URL_SAFE_NO_PAD.decode(ED25519_X).unwrap();
    // SubjectPublicKeyInfo of an Ed25519 key is this, and the key.
    let mut der = vec![
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ];
    der.extend(x);
    let text = base64::prelude::BASE64_STANDARD.encode(der);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n");
    let tokens = tokens(TokenKeys::ed25519_pem(pem.as_bytes()).unwrap());
    let verified = tokens.verify(&signed_by_ed25519(None), now());
    assert!(verified.is_ok());
    assert!(TokenKeys::ed25519_pem(b"no key").is_err());
    assert!(TokenKeys::jwks(r#"{"keys": []}"#).is_err());
}
