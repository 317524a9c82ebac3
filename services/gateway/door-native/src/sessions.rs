//! Sessions of flows: start, list, show, end.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use contract::flow::{SessionStatus, SessionView};
use contract::http::{
    EndSessionQuery, ProblemDetails, Receipt, SessionResponse, SessionSelection, SessionsPage,
    SessionsPageQuery, StartSessionRequest, StartSessionResponse,
};
use contract::query::{SessionRow, SessionsQuery};
use contract::view::{GetSession, GetSessions};
use contract::{Command, FlowId, Position, Rejection, RejectionCode, Seq, SessionId, WorldId};
use door_kit::{
    DoorState, Idempotency, JsonBody, PathParams, Principal, Problem, QueryParams, QueryRows,
    ViewAt,
};

use crate::command_sender::CommandSender;
use crate::responses::{FieldNames, page_rows, rename_field, sender_or_world};

/// The sender of a command is the client of the session.
const START_FIELDS: FieldNames = &[("sender", "entity")];

/// Begin a session of a flow.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/flows/{flow}/sessions", operation_id = "start_session",
    tag = "flows",
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

/// List the sessions of a world: the open ones, those that have ended, or all.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/sessions", operation_id = "list_sessions", tag = "flows",
    params(("world" = WorldId, Path), SessionsPageQuery),
    responses(
        (status = 200, body = SessionsPage), (status = 404, body = ProblemDetails),
        (status = 503, body = ProblemDetails)
    )
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    Extension(principal): Extension<Principal>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(page): QueryParams<SessionsPageQuery>,
) -> Result<Json<SessionsPage>, Problem> {
    let mut listed = match page.status {
        SessionSelection::Open => open_page(&state, &world, page).await?,
        SessionSelection::Ended | SessionSelection::All => {
            archived_page(&state, &world, page).await?
        }
    };
    let may_read = |session: &SessionView| state.may_read_session(&principal, &session.entity);
    listed.items.retain(may_read);
    Ok(Json(listed))
}

async fn open_page(
    state: &DoorState,
    world: &WorldId,
    page: SessionsPageQuery,
) -> Result<SessionsPage, Problem> {
    let request = GetSessions {
        flow: page.flow,
        entity: page.entity,
        after: page.after,
        limit: Some(page_rows(page.limit)?),
    };
    let ViewAt { seq, view } = state.broker.view(world, request).await?;
    Ok(SessionsPage {
        items: view.items,
        next: view.next,
        seq,
    })
}

/// A page of the archive, which has come as far as the state. It knows of an open session how it began: what it
/// is now is in the state.
async fn archived_page(
    state: &DoorState,
    world: &WorldId,
    page: SessionsPageQuery,
) -> Result<SessionsPage, Problem> {
    let limit = page_rows(page.limit)?;
    let newest = GetSessions {
        flow: None,
        entity: None,
        after: None,
        limit: Some(1),
    };
    let ViewAt { seq, .. } = state.broker.view(world, newest).await?;
    let after = match page.after {
        Some(after) => archived(state, world, after, seq).await?.position,
        None => Position::default(),
    };
    let is_ended = page.status == SessionSelection::Ended;
    let query = SessionsQuery {
        world: world.clone(),
        id: None,
        flow: page.flow,
        entity: page.entity,
        status: is_ended.then_some(SessionStatus::Ended),
        after,
        limit,
        wait_for: Some(seq),
    };
    let QueryRows { rows, has_more } = state.broker.query(&query).await?;
    let last = rows.last().map(|row| row.session.id);
    let mut items = Vec::new();
    for row in rows {
        let id = row.session.id;
        let mut session = row.session;
        if session.status == SessionStatus::Open {
            let ViewAt { view, .. } = state.broker.view(world, GetSession { id }).await?;
            // It may have ended meanwhile.
            session = view.unwrap_or(session);
        }
        items.push(session);
    }
    Ok(SessionsPage {
        items,
        next: last.filter(|_| has_more),
        seq,
    })
}

/// What the archive knows of a session.
async fn archived(
    state: &DoorState,
    world: &WorldId,
    id: SessionId,
    seq: Seq,
) -> Result<SessionRow, Problem> {
    let query = SessionsQuery {
        world: world.clone(),
        id: Some(id),
        flow: None,
        entity: None,
        status: None,
        after: Position::default(),
        limit: 1,
        wait_for: Some(seq),
    };
    let row = state.broker.query(&query).await?.rows.pop();
    row.ok_or_else(|| {
        let detail = format!("the world has no session {id}");
        let field = Some("session".to_owned());
        Problem::from(Rejection::new(RejectionCode::UnknownSession, detail, field))
    })
}

/// Show a session, open or ended.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/sessions/{session}", operation_id = "get_session",
    tag = "flows",
    params(("world" = WorldId, Path), ("session" = SessionId, Path)),
    responses(
        (status = 200, body = SessionResponse), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = 503, body = ProblemDetails)
    )
)]
pub(crate) async fn show(
    State(state): State<Arc<DoorState>>,
    Extension(principal): Extension<Principal>,
    PathParams((world, id)): PathParams<(WorldId, SessionId)>,
) -> Result<Json<SessionResponse>, Problem> {
    let shown = find(&state, &world, id).await?;
    state.check_session_reader(&principal, &shown.session.entity)?;
    Ok(Json(shown))
}

async fn find(
    state: &DoorState,
    world: &WorldId,
    id: SessionId,
) -> Result<SessionResponse, Problem> {
    let ViewAt { seq, view } = state.broker.view(world, GetSession { id }).await?;
    if let Some(session) = view {
        return Ok(response(session, seq));
    }
    // It has ended before the state that was read, or never was.
    let row = archived(state, world, id, seq).await?;
    Ok(response(row.session, row.changed))
}

/// Checks that a principal may read a session.
///
/// # Errors
/// 403 when its API key has a list of entities without the session's client, 404 when there is no such session.
pub(crate) async fn require_reader(
    state: &DoorState,
    principal: &Principal,
    world: &WorldId,
    id: SessionId,
) -> Result<(), Problem> {
    if state.may_act_as_all(principal) {
        return Ok(());
    }
    let shown = find(state, world, id).await?;
    state.check_session_reader(principal, &shown.session.entity)
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
    delete, path = "/v1/worlds/{world}/sessions/{session}", operation_id = "end_session",
    tag = "flows",
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
