//! JSON, read strictly: a field that is invalid or unknown is named with its path.

use axum::http::StatusCode;
use serde::de::DeserializeOwned;

use crate::json_check::check_json;
use crate::problem::Problem;

/// Parses a JSON object. A list would pass for a structure whose fields all have defaults.
pub(crate) fn parse_object<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    let value = parse_json(json)?;
    if json.trim_ascii_start().starts_with(b"{") {
        return Ok(value);
    }
    Err(Problem::invalid("body", "send a JSON object"))
}

/// Parses JSON.
///
/// # Errors
/// 400 when it is not JSON; 422, with the path of the field, when a value is not what `T` holds, or `T`
/// has no such field, or not all who read the value read it alike.
pub fn parse_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    // What is no JSON, the parser reports.
    if let Ok(text) = std::str::from_utf8(json)
        && let Err(invalid) = check_json(text)
        && invalid.may_be_json
    {
        return Err(invalid.problem);
    }
    let mut value = None;
    read_strictly(json, &mut |reader| {
        value = Some(erased_serde::deserialize(reader)?);
        Ok(())
    })?;
    value.ok_or_else(Problem::internal)
}

type Reader<'a, 'json> = dyn erased_serde::Deserializer<'json> + 'a;

/// Not generic, and `read` sees an erased reader: what keeps the path and finds unknown fields is compiled once, and not
/// for each type.
fn read_strictly<'json>(
    json: &'json [u8],
    read: &mut dyn FnMut(&mut Reader<'_, 'json>) -> Result<(), erased_serde::Error>,
) -> Result<(), Problem> {
    let mut unknown = None;
    let mut note_unknown = |path: serde_ignored::Path<'_>| {
        unknown.get_or_insert_with(|| path_text(&path));
    };
    let mut track = serde_path_to_error::Track::new();
    let mut reader = serde_json::Deserializer::from_slice(json);
    let tracked = serde_path_to_error::Deserializer::new(&mut reader, &mut track);
    let strict = serde_ignored::Deserializer::new(tracked, &mut note_unknown);
    let result = read(&mut <Reader<'_, '_>>::erase(strict));
    result.map_err(|error| parse_problem(json, &error.to_string(), &track.path().to_string()))?;
    reader
        .end()
        .map_err(|error| malformed_json(&error.to_string()))?;
    match unknown {
        Some(path) => Err(Problem::invalid(
            path.clone(),
            format!("there is no field {path}"),
        )),
        None => Ok(()),
    }
}

fn malformed_json(reason: &str) -> Problem {
    let detail = format!("the body is not JSON: {reason}");
    Problem::new(StatusCode::BAD_REQUEST, "malformed_json", detail)
}

fn parse_problem(json: &[u8], detail: &str, path: &str) -> Problem {
    // The erased error does not say whose it is: the parser's, or that of the type.
    if let Err(error) = serde_json::from_slice::<serde_json::Value>(json) {
        return malformed_json(&error.to_string());
    }
    // The line and column are of no use to a client: it has the path.
    let detail = detail.split(" at line ").next().unwrap_or(detail);
    let named = ["missing field `", "duplicate field `"]
        .iter()
        .find_map(|start| detail.strip_prefix(start)?.split('`').next());
    let parent = (path != ".").then_some(path);
    let field = match (parent, named) {
        (Some(parent), Some(named)) if !parent.ends_with(named) => {
            Some(format!("{parent}.{named}"))
        }
        (Some(parent), _) => Some(parent.to_owned()),
        (None, named) => named.map(str::to_owned),
    };
    Problem {
        field,
        ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
    }
}

/// A path as [`serde_path_to_error`] writes it.
fn path_text(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}[{index}]", path_text(parent)),
        Path::Map { parent, key } => match path_text(parent) {
            parent if parent.is_empty() => key.clone(),
            parent => format!("{parent}.{key}"),
        },
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => path_text(parent),
    }
}

#[cfg(test)]
mod tests {
    use contract::{NewEvent, WorldSpec};

    use super::*;

    fn problem_of<T: DeserializeOwned>(json: &str) -> (u16, &'static str, Option<String>) {
        let problem = parse_object::<T>(json.as_bytes()).err().unwrap();
        (problem.status.as_u16(), problem.code, problem.field)
    }

    #[test]
    fn an_invalid_body_is_rejected_with_the_path_of_its_field() {
        for (json, status, code, field) in [
            ("", 400, "malformed_json", None),
            ("{", 400, "malformed_json", None),
            ("{} {}", 400, "malformed_json", None),
            (r#"{"name":"#, 400, "malformed_json", None),
            (r#"{"name":1}"#, 422, "invalid", Some("name")),
            (r#"{"nmae":"x"}"#, 422, "invalid", Some("nmae")),
            (r#"{"turn_limit":-1}"#, 422, "invalid", Some("turn_limit")),
            (
                r#"{"entities":[{"id":"a b","kind":"user"}]}"#,
                422,
                "invalid",
                Some("entities[0].id"),
            ),
            (
                r#"{"entities":[{"id":"a"}]}"#,
                422,
                "invalid",
                Some("entities[0].kind"),
            ),
            (
                r#"{"entities":[{"id":"a","kind":"agent","agent":{"x":1}}]}"#,
                422,
                "invalid",
                Some("entities[0].agent.x"),
            ),
            (
                r#"{"chats":[{"id":"c","titel":""}]}"#,
                422,
                "invalid",
                Some("chats[0].titel"),
            ),
            (r#"{"name":"a","name":"b"}"#, 422, "invalid", Some("name")),
            (r#"{"name":"\ud800"}"#, 422, "invalid", Some("name")),
            (
                r#"{"entities":[{"id":"a","kind":"agent","metadata":{"x":[1e400]}}]}"#,
                422,
                "invalid",
                Some("entities[0].metadata.x[0]"),
            ),
            (r#"{"name":NaN}"#, 400, "malformed_json", None),
            ("[]", 422, "invalid", Some("body")),
        ] {
            let expected = (status, code, field.map(str::to_owned));
            assert_eq!(problem_of::<WorldSpec>(json), expected, "{json}");
        }
    }

    #[test]
    fn a_payload_may_hold_any_field_and_stays_as_it_is() {
        let event: NewEvent =
            parse_json(br#"{"type":"a.b","data":{"x":  1.0e2, "y":[null]}}"#).unwrap();
        assert_eq!(event.data.get(), r#"{"x":  1.0e2, "y":[null]}"#);
        assert_eq!(
            problem_of::<NewEvent>(r#"{"type":"a.b","data":{},"daata":1}"#)
                .2
                .as_deref(),
            Some("daata")
        );
    }
}
