//! Addresses of OpenAI's models at Azure.

use reqwest::Url;

use crate::config::AzureAddress;

/// The address of requests to a model, and their query.
pub(super) fn azure_request(
    address: &AzureAddress,
    mut url: Url,
    model: &str,
) -> (Url, Option<String>) {
    let version = address.api_version.as_deref();
    let query = version.map(|version| format!("api-version={version}"));
    // An address with a path is complete.
    if url.path().contains("/openai/") {
        let needs_version = url.path().contains("/deployments/");
        return (url, query.filter(|_| needs_version));
    }
    let path = match query {
        Some(_) => {
            let deployment = address.deployment.as_deref().unwrap_or(model);
            format!("{}openai/deployments/{deployment}/", url.path())
        }
        None => format!("{}openai/v1/", url.path()),
    };
    url.set_path(&path);
    (url, query)
}
