//! The protocols: for each a writer of requests, and a decoder of responses.

mod anthropic;
mod decoder;
mod finish;
mod function;
mod gemini;
mod ollama;
mod openai;

use serde_json::Value;

pub(crate) use decoder::Decoder;

use crate::endpoint::{Authorization, Endpoint, Protocol};
use crate::objects::merge;
use crate::request::Request;

/// A key that is sent to OpenAI-compatible servers when there is none: some require the header, with
/// any value.
const NO_KEY: &str = "none";

/// A request of HTTP.
#[derive(Debug)]
pub(crate) struct HttpRequest {
    /// The path, behind the base URL of the endpoint.
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

/// Writes a request in the protocol of the endpoint.
pub(crate) fn write_request(endpoint: &Endpoint, request: &Request<'_>) -> HttpRequest {
    let Request {
        model, is_streamed, ..
    } = *request;
    let (path, query, mut body) = match endpoint.protocol {
        Protocol::OpenAi => {
            let path = "chat/completions".to_owned();
            (path, None, openai::write_body(request))
        }
        Protocol::Anthropic => ("messages".to_owned(), None, anthropic::write_body(request)),
        Protocol::Gemini => {
            let query = is_streamed.then_some("alt=sse");
            let path = gemini::path(model, is_streamed);
            (path, query, gemini::write_body(request))
        }
        Protocol::Ollama => ("api/chat".to_owned(), None, ollama::write_body(request)),
    };
    merge(&mut body, &request.options.body);
    HttpRequest {
        path,
        query: queries(endpoint.query.as_deref(), query),
        headers: headers(endpoint, request),
        body: Value::Object(body),
    }
}

/// A decoder of the responses of a protocol.
pub(crate) fn decoder(protocol: Protocol) -> Box<dyn Decoder + Send> {
    match protocol {
        Protocol::OpenAi => Box::new(openai::OpenAiDecoder::default()),
        Protocol::Anthropic => Box::new(anthropic::AnthropicDecoder::default()),
        Protocol::Gemini => Box::new(gemini::GeminiDecoder),
        Protocol::Ollama => Box::new(ollama::OllamaDecoder),
    }
}

fn queries(one: Option<&str>, other: Option<&str>) -> Option<String> {
    let all: Vec<&str> = one.into_iter().chain(other).collect();
    (!all.is_empty()).then(|| all.join("&"))
}

fn headers(endpoint: &Endpoint, request: &Request<'_>) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    if endpoint.protocol == Protocol::Anthropic {
        let version = anthropic::VERSION.to_owned();
        headers.push(("anthropic-version".to_owned(), version));
    }
    let fallback = (endpoint.protocol == Protocol::OpenAi).then_some(NO_KEY);
    match (endpoint.authorization, endpoint.key.as_deref()) {
        (Authorization::Bearer, key) => {
            if let Some(key) = key.or(fallback) {
                headers.push(("authorization".to_owned(), format!("Bearer {key}")));
            }
        }
        (Authorization::Header(name), Some(key)) => headers.push((name.to_owned(), key.to_owned())),
        (Authorization::Header(_), None) => {}
    }
    // Those of the caller come last, and replace others.
    headers.extend(request.options.headers.clone());
    headers
}

#[cfg(test)]
mod tests;
