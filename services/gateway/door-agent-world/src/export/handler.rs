//! The route of the export.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use contract::Timestamp;
use contract::view::GetOutline;
use door_kit::PathParams;
use tracing::warn;

use super::document::{Document, Section};
use super::exported_world::ExportedWorld;
use super::markdown;
use crate::error::{ApiError, ErrorBody};
use crate::state::AgentWorldState;

/// Export a world.
#[utoipa::path(
    get, path = "/worlds/{world}/export", operation_id = "agent_world_export_world",
    tag = "agent world",
    params(("world" = String, Path)),
    responses(
        (status = 200, description = "The world as a document.", body = String, content_type = "text/markdown"),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn export(
    State(state): State<Arc<AgentWorldState>>,
    PathParams(name): PathParams<String>,
) -> Result<Response, ApiError> {
    let (world, outline) = state.find(&name, GetOutline).await?;
    let now = Timestamp::now();
    let file_name = markdown::file_name(world.id.as_str(), now);
    let document = Document::begin(state, ExportedWorld { world, outline }, now).await?;
    let sections = futures::stream::unfold(Some(document), async |document| {
        let mut document = document?;
        match document.next_section().await {
            Ok(Section::More(text)) => Some((Ok(Bytes::from(text)), Some(document))),
            Ok(Section::Last(text)) => Some((Ok(Bytes::from(text)), None)),
            Err(error) => {
                warn!(?error, "export aborted");
                // The client sees it as well: the response does not end as it should.
                let error = std::io::Error::other("the archive can't be read");
                Some((Err(error), None))
            }
        }
    });
    let headers = [
        (CONTENT_TYPE, "text/markdown; charset=utf-8".to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file_name}\""),
        ),
    ];
    Ok((headers, Body::from_stream(sections)).into_response())
}
