//! The description has every route, and what all of them have in common.

use std::collections::BTreeSet;
use std::sync::Arc;

use door_kit::{BrokerConnection, DoorState};
use service_kit::CancellationToken;

use super::*;
use crate::config::Config;

fn doors() -> Arc<DoorState> {
    let settings = Config::default().door_settings().unwrap();
    let shutdown = CancellationToken::new();
    let doors = DoorState::new(settings, BrokerConnection::default(), shutdown);
    Arc::new(doors)
}

fn genworlds() -> door_genworlds::Settings {
    Config::default().genworlds_settings()
}

fn description() -> Value {
    let doors = doors();
    describe([
        door_native::routes(&doors).into_openapi(),
        door_agent_world::routes(&doors).into_openapi(),
        door_genworlds::routes_of_worlds(&doors, genworlds()).into_openapi(),
        door_atoms::routes(&doors, "lobby".parse().ok()).into_openapi(),
    ])
}

#[test]
fn the_description_has_the_routes_of_every_door() {
    let api = description();
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1."));
    let paths = api["paths"].as_object().unwrap();
    for path in ["/v1/worlds", "/worlds/{world}/hitl/respond", "/ws/{world}"] {
        assert!(paths.contains_key(path), "{path}");
    }
}

#[test]
fn every_reference_of_the_description_has_its_schema() {
    let api = description();
    let text = api.to_string();
    let schemas = api["components"]["schemas"].as_object().unwrap();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}

#[test]
fn the_description_has_the_security_schemes_and_names_each_operation() {
    let api = description();
    let mut names = BTreeSet::new();
    let schemes = api["components"]["securitySchemes"].as_object().unwrap();
    let security = |of: &serde_json::Value| of["security"].as_array().map(Vec::len);
    assert_eq!((schemes.len(), security(&api)), (3, Some(2)));
    for (path, methods) in api["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let parameters = operation["parameters"].as_array();
            let may_repeat = parameters
                .into_iter()
                .flatten()
                .any(|parameter| parameter["name"] == "Idempotency-Key");
            let is_read = method == "get";
            let takes_key = !is_read && path != "/mcp/servers/{id}/restart";
            assert_eq!(may_repeat, takes_key, "{method} {path}");
            assert_eq!(security(operation), is_read.then_some(3), "{method} {path}");
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is there twice");
            let of_door = match path.as_str() {
                _ if path.starts_with("/v1/") => "",
                "/health" | "/ready" | "/ws" => "atoms_",
                _ if path.starts_with("/ws/") => "genworlds_",
                _ if path.starts_with("/atoms/") => "atoms_",
                _ => "agent_world_",
            };
            assert!(name.starts_with(of_door), "{name} of {path}");
        }
    }
}

#[test]
fn every_response_is_described() {
    let api = description();
    let of_components = api["components"]["responses"].as_object().unwrap();
    let paths = api["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|methods| methods.as_object().unwrap().values());
    let responses = operations.flat_map(|operation| operation["responses"].as_object().unwrap());
    let mut count = 0;
    for (status, response) in responses.chain(of_components) {
        count += 1;
        if let Some(reference) = response["$ref"].as_str() {
            let (_, name) = reference.rsplit_once('/').unwrap();
            assert!(of_components.contains_key(name), "{name}");
            continue;
        }
        let description = response["description"].as_str();
        assert!(
            description.is_some_and(|text| !text.is_empty()),
            "{status}: {response}"
        );
    }
    assert!(count > 1000, "{count}");
}

#[test]
fn a_problem_has_its_media_type_and_its_headers() {
    let api = description();
    let responses = &api["components"]["responses"];
    let problem = &responses["ServiceUnavailable"];
    assert!(problem["content"].get("application/problem+json").is_some());
    assert!(problem["headers"].get("Retry-After").is_some());
    let of_agent_world = &responses["AgentWorldNotFound"]["content"];
    assert!(of_agent_world.get("application/json").is_some());
    // One that says more than the others has the same form.
    let timeout = &api["paths"]["/v1/worlds/{world}/interactions"]["post"]["responses"]["504"];
    assert!(timeout["headers"].get("Location").is_some());
    assert!(timeout["content"].get("application/problem+json").is_some());
}

/// The routes of a description, as `METHOD path`.
fn described_routes(api: OpenApi) -> Vec<String> {
    let api = serde_json::to_value(api).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in api["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            routes.push(format!("{} {path}", method.to_uppercase()));
        }
    }
    routes.sort();
    routes
}

/// The routes of the native door.
const NATIVE_ROUTES: &[&str] = &[
    "DELETE /v1/worlds/{world}",
    "DELETE /v1/worlds/{world}/chats/{chat}",
    "DELETE /v1/worlds/{world}/chats/{chat}/messages/{message}",
    "DELETE /v1/worlds/{world}/entities/{entity}",
    "DELETE /v1/worlds/{world}/entities/{entity}/behaviour",
    "DELETE /v1/worlds/{world}/entities/{entity}/memory",
    "DELETE /v1/worlds/{world}/flows/{flow}",
    "DELETE /v1/worlds/{world}/interactions/{interaction}",
    "DELETE /v1/worlds/{world}/invocations/{invocation}",
    "DELETE /v1/worlds/{world}/sessions/{session}",
    "DELETE /v1/worlds/{world}/streams/{owner}/{name}",
    "DELETE /v1/worlds/{world}/timers/{timer}",
    "GET /v1/dead-letters",
    "GET /v1/dead-letters/{dead_letter}",
    "GET /v1/system",
    "GET /v1/worlds",
    "GET /v1/worlds/{world}",
    "GET /v1/worlds/{world}/approvals",
    "GET /v1/worlds/{world}/badges",
    "GET /v1/worlds/{world}/chats",
    "GET /v1/worlds/{world}/chats/{chat}",
    "GET /v1/worlds/{world}/chats/{chat}/messages",
    "GET /v1/worlds/{world}/entities",
    "GET /v1/worlds/{world}/entities/{entity}",
    "GET /v1/worlds/{world}/entities/{entity}/behaviour",
    "GET /v1/worlds/{world}/entities/{entity}/behaviour/diagram",
    "GET /v1/worlds/{world}/entities/{entity}/mind",
    "GET /v1/worlds/{world}/entities/{entity}/offers",
    "GET /v1/worlds/{world}/entities/{entity}/requests",
    "GET /v1/worlds/{world}/event-types",
    "GET /v1/worlds/{world}/events",
    "GET /v1/worlds/{world}/events/stream",
    "GET /v1/worlds/{world}/flows",
    "GET /v1/worlds/{world}/flows/{flow}",
    "GET /v1/worlds/{world}/flows/{flow}/diagram",
    "GET /v1/worlds/{world}/interactions",
    "GET /v1/worlds/{world}/interactions/{interaction}",
    "GET /v1/worlds/{world}/invocations/{invocation}",
    "GET /v1/worlds/{world}/roster",
    "GET /v1/worlds/{world}/sessions",
    "GET /v1/worlds/{world}/sessions/{session}",
    "GET /v1/worlds/{world}/sessions/{session}/events",
    "GET /v1/worlds/{world}/sessions/{session}/events/stream",
    "GET /v1/worlds/{world}/state",
    "GET /v1/worlds/{world}/statistics",
    "GET /v1/worlds/{world}/streams",
    "GET /v1/worlds/{world}/streams/{owner}/{name}",
    "GET /v1/worlds/{world}/streams/{owner}/{name}/samples",
    "GET /v1/worlds/{world}/tool-servers",
    "GET /v1/worlds/{world}/usage",
    "GET /v1/worlds/{world}/ws",
    "PATCH /v1/worlds/{world}",
    "PATCH /v1/worlds/{world}/chats/{chat}",
    "PATCH /v1/worlds/{world}/entities/{entity}",
    "POST /v1/dead-letters/{dead_letter}/retry",
    "POST /v1/worlds",
    "POST /v1/worlds/{world}/approvals/{approval}",
    "POST /v1/worlds/{world}/changes",
    "POST /v1/worlds/{world}/chats",
    "POST /v1/worlds/{world}/chats/{chat}/branches",
    "POST /v1/worlds/{world}/chats/{chat}/messages",
    "POST /v1/worlds/{world}/chats/{chat}/open",
    "POST /v1/worlds/{world}/chats/{chat}/stop",
    "POST /v1/worlds/{world}/entities",
    "POST /v1/worlds/{world}/entities/{entity}/actions/{action}",
    "POST /v1/worlds/{world}/entities/{entity}/behaviour/pause",
    "POST /v1/worlds/{world}/entities/{entity}/behaviour/resume",
    "POST /v1/worlds/{world}/entities/{entity}/behaviour/step",
    "POST /v1/worlds/{world}/events",
    "POST /v1/worlds/{world}/flows/{flow}/sessions",
    "POST /v1/worlds/{world}/interactions",
    "POST /v1/worlds/{world}/interactions/{interaction}/result",
    "POST /v1/worlds/{world}/invocations",
    "POST /v1/worlds/{world}/sessions/{session}/events",
    "POST /v1/worlds/{world}/streams/{owner}/{name}/samples",
    "PUT /v1/worlds/{world}",
    "PUT /v1/worlds/{world}/chats/{chat}/messages/{message}",
    "PUT /v1/worlds/{world}/entities/{entity}/behaviour",
    "PUT /v1/worlds/{world}/entities/{entity}/role",
    "PUT /v1/worlds/{world}/event-types/{type}",
    "PUT /v1/worlds/{world}/flows/{flow}",
    "PUT /v1/worlds/{world}/streams/{owner}/{name}",
    "PUT /v1/worlds/{world}/timers/{timer}",
];

#[test]
fn every_route_of_the_native_door_is_described() {
    let doors = doors();
    assert_eq!(
        described_routes(door_native::routes(&doors).into_openapi()),
        NATIVE_ROUTES
    );
}

#[test]
fn every_route_of_the_door_of_agent_world_is_described() {
    let doors = doors();
    assert_eq!(
        described_routes(door_agent_world::routes(&doors).into_openapi()),
        [
            "DELETE /worlds/{world}",
            "DELETE /worlds/{world}/agents/{agent}",
            "DELETE /worlds/{world}/agents/{agent}/memory",
            "DELETE /worlds/{world}/chats/{chat}",
            "DELETE /worlds/{world}/messages/{message}",
            "GET /mcp/health",
            "GET /mcp/servers",
            "GET /tool-artifact",
            "GET /worlds",
            "GET /worlds/{world}",
            "GET /worlds/{world}/agents",
            "GET /worlds/{world}/agents/{agent}",
            "GET /worlds/{world}/chats",
            "GET /worlds/{world}/chats/{chat}/messages",
            "GET /worlds/{world}/events",
            "GET /worlds/{world}/export",
            "GET /worlds/{world}/status",
            "PATCH /worlds/{world}",
            "PATCH /worlds/{world}/agents/{agent}",
            "POST /mcp/servers/{id}/restart",
            "POST /worlds",
            "POST /worlds/{world}/agents",
            "POST /worlds/{world}/chat",
            "POST /worlds/{world}/chats",
            "POST /worlds/{world}/hitl/respond",
            "POST /worlds/{world}/load-chat/{chat}",
            "POST /worlds/{world}/messages",
            "POST /worlds/{world}/messages/stop",
            "POST /worlds/{world}/setChat/{chat}",
            "PUT /worlds/{world}/messages/{message}",
        ]
    );
}

#[test]
fn every_route_of_the_door_of_genworlds_is_described() {
    let doors = doors();
    assert_eq!(
        described_routes(door_genworlds::routes(&doors, genworlds()).into_openapi()),
        ["GET /ws", "GET /ws/{world}",]
    );
}

#[test]
fn every_route_of_the_door_of_atoms_is_described() {
    let doors = doors();
    let routes = |default: Option<&str>| {
        let default = default.map(|default| default.parse().unwrap());
        described_routes(door_atoms::routes(&doors, default).into_openapi())
    };
    let of_worlds = [
        "GET /atoms/{world}/health",
        "GET /atoms/{world}/ready",
        "GET /atoms/{world}/ws",
        "GET /atoms/{world}/{flow}/health",
        "GET /atoms/{world}/{flow}/ready",
        "GET /atoms/{world}/{flow}/ws",
    ];
    assert_eq!(routes(None), of_worlds);
    let at_root = ["GET /health", "GET /ready", "GET /ws"];
    assert_eq!(
        routes(Some("lobby/desk")),
        [&of_worlds[..], &at_root].concat()
    );
}

#[test]
fn the_path_of_two_doors_belongs_to_one() {
    let doors = doors();
    let genworlds = door_genworlds::routes_of_worlds(&doors, genworlds()).into_openapi();
    assert_eq!(described_routes(genworlds), ["GET /ws/{world}"]);
}
