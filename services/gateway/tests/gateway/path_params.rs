//! A parameter of a path that is refused is named, at every door.

use gateway::Config;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Harness, send};

/// No name, no id and no type of an event.
const INVALID: &str = "a%20b";
/// No text.
const NOT_UTF8: &str = "%FF";

/// The method, the path and the parameters of every route that has some.
async fn routes(harness: &Harness) -> Vec<(Method, String, Vec<String>)> {
    let (status, api) = harness.get("/openapi.json").await;
    assert_eq!(status, 200);
    let mut routes = Vec::new();
    for (path, methods) in api["paths"].as_object().unwrap() {
        let pieces = path.split('{').skip(1);
        let names = pieces.map(|piece| piece.split('}').next().unwrap().to_owned());
        let names: Vec<String> = names.collect();
        for method in methods.as_object().unwrap().keys() {
            let method = method.to_uppercase().parse().unwrap();
            routes.push((method, path.clone(), names.clone()));
        }
    }
    routes.retain(|(_, _, names)| !names.is_empty());
    routes
}

/// The answer to a request in whose path one parameter has this value, and the others are those of the lobby.
async fn request(
    harness: &Harness,
    (method, path): (&Method, &str),
    (changed, value): (&str, &str),
) -> (u16, Value) {
    let id = "0197a0b0-0000-7000-8000-000000000000";
    let texts = [
        ("world", "lobby"),
        ("entity", "ada"),
        ("agent", "ada"),
        ("owner", "ada"),
        ("chat", "main"),
        ("type", "a.b"),
        ("approval", id),
        ("interaction", id),
        ("invocation", id),
        ("message", id),
        ("session", id),
    ];
    let mut filled = path.replace(&format!("{{{changed}}}"), value);
    for (name, text) in texts {
        filled = filled.replace(&format!("{{{name}}}"), text);
    }
    let filled = filled.replace(['{', '}'], "");
    let request = harness.http.request(method.clone(), harness.url(&filled));
    match *method {
        Method::GET | Method::DELETE => send(request).await,
        _ => send(request.json(&json!({}))).await,
    }
}

/// The field that a problem names, in the form of its door.
fn named(problem: &Value) -> Option<&str> {
    let of_agent_world = problem["details"][0]["path"][0].as_str();
    problem["field"].as_str().or(of_agent_world)
}

#[tokio::test]
async fn a_parameter_that_is_no_text_is_named_at_every_door() {
    let harness = Harness::with_lobby_of(Config::default()).await;
    let routes = routes(&harness).await;
    assert!(routes.len() > 100, "{} routes", routes.len());
    for (method, path, names) in &routes {
        for name in names {
            let (status, problem) = request(&harness, (method, path), (name, NOT_UTF8)).await;
            let found = (status, named(&problem));
            let case = format!("{method} {path}, {name}: {problem}");
            assert_eq!(found, (400, Some(name.as_str())), "{case}");
        }
    }
}

#[tokio::test]
async fn a_parameter_that_is_invalid_is_named() {
    let harness = Harness::with_lobby_of(Config::default()).await;
    // Agent World's door looks for any name, and finds none.
    let doors = ["/v1/", "/ws", "/atoms/"];
    let mut routes = routes(&harness).await;
    routes.retain(|(_, path, _)| doors.iter().any(|door| path.starts_with(door)));
    for (method, path, names) in &routes {
        for name in names {
            let (status, problem) = request(&harness, (method, path), (name, INVALID)).await;
            let case = format!("{method} {path}, {name}: {problem}");
            let found = (status, named(&problem));
            assert_eq!(found, (400, Some(name.as_str())), "{case}");
        }
    }
}
