//! Whether a gateway that runs is ready, for the health check of a container.

use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::config::Config;

/// As long as that of the other services.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Requests `/readyz` of the gateway of this configuration on this machine, and succeeds if it is ready.
///
/// # Errors
/// What the page names as missing, or why there is no page.
pub fn check_health(config: &Config) -> anyhow::Result<()> {
    if config.tls.is_none() {
        return service_kit::check_health(config.listen);
    }
    let address = service_kit::reachable(config.listen);
    let url = format!("https://{address}/readyz");
    let request = async {
        // The certificate is that of a name, and this is the machine itself.
        let client = reqwest::Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .no_proxy()
            .timeout(TIMEOUT)
            .build()?;
        let response = client.get(&url).send().await?;
        let status = response.status();
        anyhow::Ok((status, response.text().await?))
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (status, problems) = runtime
        .block_on(request)
        .with_context(|| format!("request {url}"))?;
    match status.is_success() {
        true => Ok(()),
        false => bail!("not ready ({}): {}", status.as_u16(), problems.trim()),
    }
}
