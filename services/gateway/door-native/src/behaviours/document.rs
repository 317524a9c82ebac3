//! A behaviour as the body of a request.

use axum::http::{HeaderMap, StatusCode};
use contract::behaviour::Definition;
use door_kit::{Problem, is_json, media_type, parse_json, unsupported_media_type};
use world_file::{Error, parse_behaviour};

/// What YAML is called: by its standard (RFC 9512), and by older clients.
const YAML: [&str; 4] = [
    "application/yaml",
    "application/x-yaml",
    "text/yaml",
    "text/x-yaml",
];

/// Parses the body of a request by its media type.
///
/// # Errors
/// 415 when it is neither JSON nor YAML, 400 when it is malformed, 422 when it is no behaviour.
pub(super) fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Definition, Problem> {
    let definition = match media_type(headers) {
        Some(media_type) if is_json(&media_type) => parse_json(body),
        Some(media_type) if YAML.contains(&media_type.as_str()) => parse_yaml(body),
        _ => {
            let expected = "application/yaml or application/json";
            return Err(unsupported_media_type(expected));
        }
    };
    definition.map_err(|problem| match problem.field {
        None if problem.is_invalid() => problem.with_field("body"),
        _ => problem,
    })
}

fn parse_yaml(body: &[u8]) -> Result<Definition, Problem> {
    let malformed = |detail| Problem::new(StatusCode::BAD_REQUEST, "malformed_yaml", detail);
    let text = std::str::from_utf8(body)
        .map_err(|error| malformed(format!("the body is not YAML: {error}")))?;
    parse_behaviour(text).map_err(|error| {
        let detail = error.to_string();
        match error {
            Error::NotBehaviour(_) => Problem::invalid("body", detail),
            _ => malformed(format!("the body is not YAML: {detail}")),
        }
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::CONTENT_TYPE;

    use super::*;

    fn parse_as(media_type: &'static str, body: &str) -> Result<Definition, Problem> {
        let content_type = (CONTENT_TYPE, HeaderValue::from_static(media_type));
        parse(&HeaderMap::from_iter([content_type]), body.as_bytes())
    }

    #[test]
    fn a_behaviour_keeps_its_order_in_both_formats() {
        let json = r#"{"initial":"z","states":{"z":{"wait_seconds":0.5},"a":{}}}"#;
        let yaml = "initial: z\nstates:\n  z: {wait_seconds: 0.5}\n  a: {}\n";
        for (media_type, body) in [
            ("application/json; charset=utf-8", json),
            ("application/yaml", yaml),
            ("text/x-yaml", yaml),
            ("application/yaml", json),
        ] {
            assert_eq!(parse_as(media_type, body).unwrap().json(), json);
        }
    }

    #[test]
    fn another_body_is_refused() {
        for (media_type, body, status, field) in [
            ("text/plain", "{}", 415, Some("content-type")),
            ("application/json", "{", 400, None),
            ("application/json", "[]", 422, Some("body")),
            ("application/json", r#"{"a":1,"a":2}"#, 422, Some("a")),
            ("application/yaml", "a: [", 400, None),
            ("application/yaml", "hello", 422, Some("body")),
            ("application/yaml", "a: {b: 1, b: 2}", 422, Some("body")),
            ("application/yaml", "", 422, Some("body")),
        ] {
            let problem = parse_as(media_type, body).err().unwrap();
            assert_eq!(problem.status.as_u16(), status, "{media_type} {body}");
            assert_eq!(problem.field.as_deref(), field, "{media_type} {body}");
        }
    }
}
