//! The description of all routes, `/openapi.json`: that of each door, and what they have in common.

mod composites;
mod descriptions;
mod problems;
mod references;
mod strictness;

use door_kit::IDEMPOTENCY_KEY_LENGTH_MAX;
use serde_json::Value;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ObjectBuilder, OpenApi, RefOr, Type};

/// The schemes of a key in a header.
const IN_HEADERS: [&str; 2] = ["bearer", "x_api_key"];
/// The scheme of a key in the address, for a GET only.
const IN_ADDRESS: &str = "api_key";
/// The only write without a command: it may be repeated as it is.
const WITHOUT_IDEMPOTENCY_KEY: &str = "/mcp/servers/{id}/restart";

/// What all routes have in common.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Manyworlds",
        description = "Worlds of agents: everything that happens in a world is an event in its log. \
            A write is answered once it is durable, with the commit (`seq`) that holds it. \
            Repeat a write, to the same path, with the same `Idempotency-Key`, and it happens once. \
            Problems are RFC 9457 problem JSON. Where API keys are configured, a request without one is \
            answered with 401; too many requests, with 429 and `Retry-After`."
    ),
    tags(
        (name = "agent world", description = "For clients of Agent World. Each route is there with \
            `/api` before it as well, and `POST /worlds/{world}/chats` also as \
            `/worlds/{world}/new-chat`."),
        (name = "genworlds", description = "For clients of GenWorlds."),
        (name = "atoms", description = "For clients of Atoms."),
    ),
    components(schemas(
        contract::http::ProblemDetails,
        contract::WorldId,
        contract::ActionName,
        contract::EntityId,
        contract::ChatId,
        contract::TimerId,
        contract::StreamName,
        contract::InteractionId,
        contract::RunId,
        contract::InteractionId,
        contract::ApprovalId,
        contract::FlowId,
        contract::NodeId,
        contract::SessionId,
        contract::EventId,
    ))
)]
struct Api;

/// One description of the routes of all doors, as validators and generators of clients read it.
pub(crate) fn describe(doors: impl IntoIterator<Item = OpenApi>) -> Value {
    let mut api = Api::openapi();
    for door in doors {
        api.merge(door);
    }
    complete(&mut api);
    let mut document = serde_json::to_value(api).unwrap_or_default();
    strictness::drop_null_parameters(&mut document["paths"]);
    let paths = document["paths"].clone();
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        composites::rewrite(schemas);
        strictness::close(schemas, &paths);
    }
    strictness::bound_integers(&mut document);
    document
}

/// Adds to all routes how an API key is sent, how requests are refused, and what responses are; and to those that
/// write how they are repeated.
fn complete(api: &mut OpenApi) {
    let components = api.components.get_or_insert_default();
    let header = ApiKey::Header(ApiKeyValue::new("X-Api-Key"));
    let address = ApiKey::Query(ApiKeyValue::with_description(
        "api_key",
        "for a GET alone: browsers can't set headers on streams, WebSockets and downloads",
    ));
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let [by_bearer, by_header] = IN_HEADERS;
    components.add_security_scheme(by_bearer, bearer);
    components.add_security_scheme(by_header, SecurityScheme::ApiKey(header));
    components.add_security_scheme(IN_ADDRESS, SecurityScheme::ApiKey(address));
    problems::add_components(components);
    api.security = Some(IN_HEADERS.map(requirement).into());
    for (path, item) in &mut api.paths.paths {
        if let Some(read) = &mut item.get {
            let names = IN_HEADERS.into_iter().chain([IN_ADDRESS]);
            read.security = Some(names.map(requirement).collect());
            problems::complete(path, read, false);
            descriptions::complete(&components.schemas, read);
        }
        for write in writes(item) {
            problems::complete(path, write, true);
            descriptions::complete(&components.schemas, write);
            if path != WITHOUT_IDEMPOTENCY_KEY {
                add_idempotency_key(write);
            }
        }
    }
}

fn requirement(name: &str) -> SecurityRequirement {
    SecurityRequirement::new(name, [""; 0])
}

fn writes(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let methods = [
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
    ];
    methods.into_iter().flatten()
}

fn add_idempotency_key(operation: &mut Operation) {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(IDEMPOTENCY_KEY_LENGTH_MAX))
        .pattern(Some("^[!-~]*$"));
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "visible ASCII: a repeat of this request, to the same path, with the same key happens once, and \
             is answered as the first was",
        ))
        .schema(Some(text));
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(RefOr::T(key.build()));
}

#[cfg(test)]
mod tests;
