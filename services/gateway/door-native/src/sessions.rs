//! Sessions of flows: start, list, show, end.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use contract::flow::SessionView;
use contract::http::{
    EndSessionQuery, ProblemDetails, Receipt, SessionResponse, SessionsPage, SessionsPageQuery,
    StartSessionRequest, StartSessionResponse,
};
use contract::query::SessionsQuery;
use contract::view::{GetSession, GetSessions};
use contract::{Command, FlowId, Position, Rejection, RejectionCode, Seq, SessionId, WorldId};
use door_kit::{DoorState, Idempotency, JsonBody, PathParams, Problem, QueryParams, ViewAt};

use crate::command_sender::CommandSender;
use crate::responses::{FieldNames, page_rows, rename_field, sender_or_world};

/// The sender of a command is the client of the session.
const START_FIELDS: FieldNames = &[("sender", "entity")];

/// Begin a session of a flow.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/flows/{flow}/sessions", tag = "flows",
    request_body = StartSessionRequest,
    params(("world" = WorldId, Path), ("flow" = FlowId, Path)),
    responses(
        (status = 201, body = StartSessionResponse), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = 413, body = ProblemDetails),
        (status = 422, body = ProblemDetails)
    )
)]
pub(crate) async fn start(
    State(state): State<Arc<DoorState>>,
    idempotency: Idempotency,
    PathParams((world, flow)): PathParams<(WorldId, FlowId)>,
    JsonBody(body): JsonBody<StartSessionRequest>,
) -> Result<Response, Problem> {
    let command = Command::StartSession {
        flow,
        variables: body.variables,
        init: None,
    };
    let sent = (sender_or_world(body.entity), command);
    let id = idempotency.command_id(&world);
    let sent = state.send_command(idempotency.principal(), &world, id, sent);
    let accepted = sent.await;
    let accepted = accepted.map_err(|problem| rename_field(problem, START_FIELDS))?;
    let started = StartSessionResponse {
        id: id.event(0).session(),
        seq: accepted.seq,
        position: Position {
            seq: accepted.seq,
            index: accepted.first,
        },
    };
    Ok((StatusCode::CREATED, Json(started)).into_response())
}

/// List the open sessions of a world.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/sessions", tag = "flows",
    params(("world" = WorldId, Path), SessionsPageQuery),
    responses((status = 200, body = SessionsPage), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(page): QueryParams<SessionsPageQuery>,
) -> Result<Json<SessionsPage>, Problem> {
    let request = GetSessions {
        flow: page.flow,
        entity: page.entity,
        after: page.after,
        limit: Some(page_rows(page.limit)?),
    };
    let ViewAt { seq, view } = state.broker.view(&world, request).await?;
    Ok(Json(SessionsPage {
        items: view.items,
        next: view.next,
        seq,
    }))
}

/// Show a session, open or ended.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/sessions/{session}", tag = "flows",
    params(("world" = WorldId, Path), ("session" = SessionId, Path)),
    responses(
        (status = 200, body = SessionResponse), (status = 404, body = ProblemDetails),
        (status = 503, body = ProblemDetails)
    )
)]
pub(crate) async fn show(
    State(state): State<Arc<DoorState>>,
    PathParams((world, id)): PathParams<(WorldId, SessionId)>,
) -> Result<Json<SessionResponse>, Problem> {
    let ViewAt { seq, view } = state.broker.view(&world, GetSession { id }).await?;
    if let Some(session) = view {
        return Ok(Json(response(session, seq)));
    }
    // It has ended before the state that was read, or never was.
    let query = SessionsQuery {
        world,
        id: Some(id),
        flow: None,
        entity: None,
        status: None,
        after: Position::default(),
        limit: 1,
        wait_for: Some(seq),
    };
    let row = state.broker.query(&query).await?.rows.pop();
    let row = row.ok_or_else(|| {
        let detail = format!("the world has no session {id}");
        let field = Some("session".to_owned());
        Problem::from(Rejection::new(RejectionCode::UnknownSession, detail, field))
    })?;
    Ok(Json(response(row.session, row.changed)))
}

fn response(session: SessionView, seq: Seq) -> SessionResponse {
    SessionResponse {
        session,
        position: Position::end_of(seq),
        seq,
    }
}

/// End a session.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/sessions/{session}", tag = "flows",
    params(("world" = WorldId, Path), ("session" = SessionId, Path), EndSessionQuery),
    responses(
        (status = 200, body = Receipt), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails)
    )
)]
pub(crate) async fn end(
    commands: CommandSender,
    PathParams((world, session)): PathParams<(WorldId, SessionId)>,
    QueryParams(EndSessionQuery { sender, reason }): QueryParams<EndSessionQuery>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::EndSession { session, reason };
    let seq = commands
        .send(&world, sender_or_world(sender), command)
        .await?;
    Ok(Json(Receipt::created(&session, seq)))
}
