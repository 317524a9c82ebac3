//! A stream of everything that happens in a world, or in one of its chats.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use contract::ChatId;
use contract::commit::Position;
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::IntoParams;

use super::doorway::Doorway;
use super::failure::{Failure, Refusal};
use super::teller::Teller;
use super::turn::manner;
use super::watch::{self, Watch};
use crate::body::{Ids, Parameters};
use crate::problem::Problem;

/// Which events, from where.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Watching {
    /// In this chat.
    #[serde(rename = "chatId")]
    chat: Option<ChatId>,
    /// Begin behind this place; `Last-Event-ID` wins over it. From now on when both are absent.
    after: Option<Position>,
}

/// Watch what happens. A client that comes back with the last id that it saw misses nothing.
#[utoipa::path(
    get, path = "/worlds/{world}/events", tag = "agent world",
    params(("world" = String, Path), Watching),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 400, body = Refusal),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn stream(
    State(doorway): State<Arc<Doorway>>,
    Ids(world): Ids<String>,
    Parameters(watching): Parameters<Watching>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let model = doorway.find(&world).await?;
    if let Some(chat) = &watching.chat
        && !model.chats.contains_key(chat)
    {
        return Err(Failure::no_chat());
    }
    let after = watch::last_seen(&headers)?.or(watching.after);
    let (mut feed, connection) = watch::join(&doorway, &model.id, true).await?;
    let manner = manner(&model, "");
    let teller = Teller::standing(watching.chat, manner, &model);
    let mut asked = Vec::new();
    if after.is_some() {
        let ready = doorway.gateway.link.during(feed.start_after(after)).await?;
        if !ready.complete {
            let detail = "the log does not know this place: read the chat anew";
            return Err(Problem::bad_address("after", detail).into());
        }
    } else {
        // Whoever comes anew sees what the world asks people now, and all that happens behind that.
        asked = teller.asked();
        feed.go_on_after(Position::end_of(model.seq));
    }
    let watch = Watch {
        doorway: Arc::clone(&doorway),
        feed,
        teller,
        first: asked,
        patience: None,
        happened: Instant::now(),
        seen: None,
    };
    let connection = connection.ok_or_else(Problem::internal)?;
    Ok(watch.streamed(connection))
}
