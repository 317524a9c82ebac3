//! Fetches the keys of tokens, and fetches them again when they rotate.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use door_kit::{TokenKeys, Tokens};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use service_kit::CancellationToken;
use tokio::time::sleep;
use tracing::{info, warn};

/// How often they are fetched.
const FETCH_EVERY: Duration = Duration::from_mins(10);
/// The pause between two fetches, which anybody could cause with a token that names a key.
const FETCH_PAUSE: Duration = Duration::from_secs(10);
/// How long one may take.
const FETCH_WITHIN: Duration = Duration::from_secs(3);
/// The largest set of keys.
const BYTES_MAX: usize = 1 << 20;

/// Fetches the keys of `tokens` until `shutdown`.
pub(crate) async fn fetch_until(shutdown: CancellationToken, tokens: Arc<Tokens>, url: Url) {
    let fetch = async {
        let client = Client::builder()
            .timeout(FETCH_WITHIN)
            .redirect(Policy::none())
            .build();
        let Ok(client) = client.inspect_err(|error| warn!(%error, "no keys of tokens are fetched"))
        else {
            return;
        };
        loop {
            match fetch(&client, &url).await {
                Ok(keys) => {
                    tokens.set_fetched(keys);
                    info!("keys of tokens fetched");
                }
                Err(error) => {
                    tokens.note_fetch();
                    warn!(error = format!("{error:#}"), "keys of tokens not fetched");
                }
            }
            sleep(FETCH_PAUSE).await;
            tokio::select! {
                () = tokens.until_unknown_key() => {}
                () = sleep(FETCH_EVERY - FETCH_PAUSE) => {}
            }
        }
    };
    shutdown.run_until_cancelled(fetch).await;
}

async fn fetch(client: &Client, url: &Url) -> anyhow::Result<TokenKeys> {
    let response = client.get(url.clone()).send().await?.error_for_status()?;
    let mut text = Vec::new();
    let mut response = response;
    while let Some(chunk) = response.chunk().await? {
        anyhow::ensure!(
            text.len() + chunk.len() <= BYTES_MAX,
            "the key set is too large"
        );
        text.extend_from_slice(&chunk);
    }
    let text = String::from_utf8(text).context("the key set is not UTF-8")?;
    TokenKeys::jwks(&text).map_err(anyhow::Error::msg)
}
