//! Flows: put, list, show, draw, remove.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::flow::{FlowSpec, FlowView};
use contract::http::{
    AtQuery, DiagramQuery, FlowResponse, FlowsPage, FlowsPageQuery, ProblemDetails, Receipt,
};
use contract::view::{GetFlow, GetFlowDiagram, GetFlows};
use contract::{Command, FlowId, Rejection, RejectionCode, WorldId};
use door_kit::{DoorState, JsonBody, PathParams, Problem, QueryParams, ViewAt};

use crate::command_sender::CommandSender;
use crate::responses::page_rows;

/// Declare a flow, or declare it anew. Open sessions go on with what it was.
#[utoipa::path(
    put, path = "/v1/worlds/{world}/flows/{flow}", operation_id = "put_flow",
    tag = "flows", request_body = FlowSpec,
    params(("world" = WorldId, Path), ("flow" = FlowId, Path)),
    responses(
        (status = 200, body = Receipt), (status = 404, body = ProblemDetails),
        (status = 413, body = ProblemDetails), (status = 422, body = ProblemDetails)
    )
)]
pub(crate) async fn put(
    commands: CommandSender,
    PathParams((world, flow)): PathParams<(WorldId, FlowId)>,
    JsonBody(spec): JsonBody<FlowSpec>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::PutFlow {
        flow: flow.clone(),
        spec,
    };
    let seq = commands.send_as_world(&world, command).await?;
    Ok(Json(Receipt::created(&flow, seq)))
}

/// List the flows of a world.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/flows", operation_id = "list_flows", tag = "flows",
    params(("world" = WorldId, Path), FlowsPageQuery),
    responses((status = 200, body = FlowsPage), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(page): QueryParams<FlowsPageQuery>,
) -> Result<Json<FlowsPage>, Problem> {
    let request = GetFlows {
        after: page.after,
        limit: Some(page_rows(page.limit)?),
    };
    let ViewAt { seq, view } = state.broker.view(&world, request).await?;
    Ok(Json(FlowsPage {
        items: view.items,
        next: view.next,
        seq,
    }))
}

/// Show a flow.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/flows/{flow}", operation_id = "get_flow", tag = "flows",
    params(("world" = WorldId, Path), ("flow" = FlowId, Path), AtQuery),
    responses((status = 200, body = FlowResponse), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn show(
    State(state): State<Arc<DoorState>>,
    PathParams((world, id)): PathParams<(WorldId, FlowId)>,
    QueryParams(AtQuery { at }): QueryParams<AtQuery>,
) -> Result<Json<FlowResponse>, Problem> {
    let request = GetFlow { id: id.clone() };
    let ViewAt { seq, view } = state.broker.view_at(&world, request, at).await?;
    let flow: FlowView<'static> = view.ok_or_else(|| unknown_flow(&id))?;
    Ok(Json(FlowResponse { flow, seq }))
}

/// Draw a flow.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/flows/{flow}/diagram", operation_id = "draw_flow",
    tag = "flows",
    params(("world" = WorldId, Path), ("flow" = FlowId, Path), DiagramQuery),
    responses(
        (status = 200, description = "The diagram, in the language of `format`.", body = String, content_type = "text/plain"),
        (status = 404, body = ProblemDetails)
    )
)]
pub(crate) async fn diagram(
    State(state): State<Arc<DoorState>>,
    PathParams((world, id)): PathParams<(WorldId, FlowId)>,
    QueryParams(DiagramQuery { format, at }): QueryParams<DiagramQuery>,
) -> Result<String, Problem> {
    let request = GetFlowDiagram {
        id: id.clone(),
        format,
    };
    let drawn = state.broker.view_at(&world, request, at).await?.view;
    drawn.ok_or_else(|| unknown_flow(&id))
}

fn unknown_flow(id: &FlowId) -> Problem {
    let detail = format!("the world has no flow {id}");
    let field = Some("flow".to_owned());
    Rejection::new(RejectionCode::UnknownFlow, detail, field).into()
}

/// Remove a flow. Its open sessions go on.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/flows/{flow}", operation_id = "remove_flow", tag = "flows",
    params(("world" = WorldId, Path), ("flow" = FlowId, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn remove(
    commands: CommandSender,
    PathParams((world, flow)): PathParams<(WorldId, FlowId)>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::RemoveFlow { flow: flow.clone() };
    let seq = commands.send_as_world(&world, command).await?;
    Ok(Json(Receipt::created(&flow, seq)))
}
