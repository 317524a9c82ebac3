//! Names of models.

use contract::brain::Provider;
use manyworlds_sdk::Error;

/// Checks the name of a model, which is sent as it is: it is part of the request path of some providers.
pub(super) fn check_model(provider: Provider, model: &str) -> Result<(), Error> {
    let is_in_path = match provider {
        Provider::Gemini | Provider::Azure => true,
        Provider::Openai
        | Provider::OpenaiCompatible
        | Provider::Anthropic
        | Provider::Ollama
        | Provider::Xai => false,
    };
    let is_safe = |letter: char| letter.is_ascii_alphanumeric() || "-_.:/@+".contains(letter);
    let is_path = model.chars().all(is_safe) && !model.contains("..");
    if !model.is_empty() && (is_path || !is_in_path) {
        return Ok(());
    }
    let reason = format!("{model:?} is not a valid name of a model");
    Err(Error::failed("model_refused", reason))
}
