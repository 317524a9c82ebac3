//! How requests are refused: the responses that routes have in common.

use utoipa::openapi::Content;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{
    Components, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type,
};

/// The tag of the routes whose errors have a form of their own.
const AGENT_WORLD: &str = "agent world";

/// A way in which a request is refused.
struct Refusal {
    status: &'static str,
    /// The component that describes it; with `AgentWorld` before it, that of clients of Agent World.
    name: &'static str,
    description: &'static str,
    /// A header that it has, and what that says.
    header: Option<(&'static str, &'static str)>,
    /// The routes that may refuse so.
    of: Routes,
}

/// Which routes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Routes {
    /// All.
    All,
    /// Those of one world.
    World,
    /// Those that write.
    Writes,
    /// Those that read a body.
    Bodies,
    /// Those that name it.
    Named,
}

const RETRY_AFTER: Option<(&str, &str)> = Some(("Retry-After", "repeat it after so many seconds"));

const REFUSALS: [Refusal; 16] = [
    refusal(
        "400",
        "BadRequest",
        "The address, a header or the body is malformed.",
        Routes::All,
    ),
    Refusal {
        header: Some(("WWW-Authenticate", "the scheme: `Bearer`")),
        ..refusal(
            "401",
            "Unauthorized",
            "API keys are configured, and the request has no valid one.",
            Routes::All,
        )
    },
    refusal(
        "403",
        "Forbidden",
        "The API key may not do this, or a page of another site has sent it.",
        Routes::All,
    ),
    refusal(
        "404",
        "NotFound",
        "There is no such thing, or the world has nothing of this id.",
        Routes::World,
    ),
    refusal(
        "408",
        "RequestTimeout",
        "The body took longer than the gateway waits.",
        Routes::Bodies,
    ),
    refusal(
        "409",
        "Conflict",
        "It exists already, has ended already, or another write came before.",
        Routes::Writes,
    ),
    refusal("410", "Gone", "The world was deleted.", Routes::World),
    refusal(
        "413",
        "ContentTooLarge",
        "It is larger than the gateway or the world accepts.",
        Routes::Writes,
    ),
    refusal(
        "415",
        "UnsupportedMediaType",
        "The body has a media type that is not read here.",
        Routes::Bodies,
    ),
    refusal(
        "422",
        "UnprocessableContent",
        "A field is invalid, or the rules of the world forbid it.",
        Routes::Writes,
    ),
    refusal(
        "426",
        "UpgradeRequired",
        "The request opens no WebSocket.",
        Routes::Named,
    ),
    Refusal {
        header: RETRY_AFTER,
        ..refusal(
            "429",
            "TooManyRequests",
            "The client has sent too many requests, or the world is busy.",
            Routes::All,
        )
    },
    refusal(
        "500",
        "InternalServerError",
        "A defect of the gateway.",
        Routes::All,
    ),
    Refusal {
        header: RETRY_AFTER,
        ..refusal(
            "503",
            "ServiceUnavailable",
            "There is no answer yet: repeat the request.",
            Routes::All,
        )
    },
    refusal(
        "504",
        "GatewayTimeout",
        "What the request waits for takes longer, and goes on.",
        Routes::Named,
    ),
    Refusal {
        header: RETRY_AFTER,
        ..refusal(
            "507",
            "InsufficientStorage",
            "The storage of the log is full.",
            Routes::Writes,
        )
    },
];

const fn refusal(
    status: &'static str,
    name: &'static str,
    description: &'static str,
    of: Routes,
) -> Refusal {
    Refusal {
        status,
        name,
        description,
        header: None,
        of,
    }
}

impl Refusal {
    fn is_of(&self, path: &str, is_write: bool, has_body: bool) -> bool {
        match self.of {
            Routes::All => true,
            Routes::World => path.contains("{world}"),
            Routes::Writes => is_write,
            Routes::Bodies => has_body,
            Routes::Named => false,
        }
    }

    fn component(&self, form: Form) -> String {
        format!("{}{}", form.prefix, self.name)
    }
}

/// The form of the body of a refusal.
#[derive(Clone, Copy)]
struct Form {
    prefix: &'static str,
    media_type: &'static str,
    schema: &'static str,
}

const PROBLEM: Form = Form {
    prefix: "",
    media_type: door_kit::PROBLEM_MEDIA_TYPE,
    schema: "ProblemDetails",
};

const AGENT_WORLD_ERROR: Form = Form {
    prefix: "AgentWorld",
    media_type: "application/json",
    schema: "ErrorBody",
};

/// Adds the responses that routes refer to.
pub(super) fn add_components(components: &mut Components) {
    for form in [PROBLEM, AGENT_WORLD_ERROR] {
        for refusal in &REFUSALS {
            let response = RefOr::T(response(refusal, form));
            components
                .responses
                .insert(refusal.component(form), response);
        }
    }
}

fn response(refusal: &Refusal, form: Form) -> Response {
    let schema = Ref::from_schema_name(form.schema);
    let response = ResponseBuilder::new()
        .description(refusal.description)
        .content(form.media_type, Content::new(Some(schema)));
    let Some((name, description)) = refusal.header else {
        return response.build();
    };
    let text = ObjectBuilder::new().schema_type(Type::String);
    let header = HeaderBuilder::new()
        .schema(Some(text))
        .description(Some(description));
    response.header(name, header.build()).build()
}

/// Completes how a route refuses requests: with what all routes like it have in common, and with what it names
/// itself. What it describes itself stays.
pub(super) fn complete(path: &str, operation: &mut Operation, is_write: bool) {
    let tags = operation.tags.iter().flatten();
    let form = match tags.into_iter().any(|tag| tag == AGENT_WORLD) {
        true => AGENT_WORLD_ERROR,
        false => PROBLEM,
    };
    let has_body = operation.request_body.is_some();
    let responses = &mut operation.responses.responses;
    for refusal in &REFUSALS {
        let described = responses.get_mut(refusal.status);
        let is_bare = match described {
            Some(RefOr::T(response)) => complete_named(refusal, form, response),
            Some(RefOr::Ref(_)) => false,
            None => refusal.is_of(path, is_write, has_body),
        };
        if is_bare {
            let reference = Ref::from_response_name(refusal.component(form));
            responses.insert(refusal.status.to_owned(), RefOr::Ref(reference));
        }
    }
}

/// Whether a response that a route names has nothing that the common one has not. Otherwise it gets what it lacks.
fn complete_named(refusal: &Refusal, form: Form, response: &mut Response) -> bool {
    let schema = |content: &RefOr<Content>| match content {
        RefOr::T(Content {
            schema: Some(RefOr::Ref(schema)),
            ..
        }) => schema.ref_location.ends_with(form.schema),
        _ => false,
    };
    let is_of_form = response.content.values().any(schema);
    if is_of_form && response.description.is_empty() && response.headers.is_empty() {
        return true;
    }
    if is_of_form {
        let content = Content::new(Some(Ref::from_schema_name(form.schema)));
        response.content.clear();
        response
            .content
            .insert(form.media_type.to_owned(), RefOr::T(content));
    }
    if response.description.is_empty() {
        refusal.description.clone_into(&mut response.description);
    }
    false
}
