//! Messages: page through a chat, post one, and wait for its answers or watch them come.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use contract::commit::Position;
use contract::query::{MessageRow, MessagesQuery, PageStart as RowPage};
use contract::{ChatId, Command, EntityId, MessageId, Seq, WorldId};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};
use utoipa::{IntoParams, ToSchema};

use super::shape::{before, check_world, page_rows};
use super::stream::{self, Heartbeat};
use super::turn::{Part, Turn, TurnAnswer, TurnFailure};
use crate::body::{Body, Ids, Parameters};
use crate::caller::Caller;
use crate::connections::{Close, Connection};
use crate::fanout::{self, Ended, Feed, Filter, Frame};
use crate::gateway::Gateway;
use crate::metrics::Transport;
use crate::problem::Problem;

/// Which page of a chat.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// The oldest behind this place.
    after: Option<Position>,
    /// The newest before this place; the newest of all when neither is given.
    before: Option<Position>,
    /// At most so many: 1 to 1000.
    #[param(default = 100)]
    limit: Option<u32>,
    /// Those that contain this, whatever its case.
    search: Option<String>,
    /// Answer only when the archive holds this commit.
    wait_for: Option<Seq>,
}

/// A page of messages, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessagePage {
    messages: Vec<MessageRow>,
    /// Whether more follow in the direction of paging.
    more: bool,
}

/// Something to say.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NewMessage {
    /// Who says it.
    pub(super) sender: EntityId,
    /// What.
    pub(super) text: String,
    /// The message that it answers.
    pub(super) in_reply_to: Option<MessageId>,
    /// Answer with an event stream: `message`, then `chunk`s and `message.posted` as the answers
    /// come, and `chat.turn_ended` at the end.
    #[serde(default)]
    stream: bool,
    /// Whether to wait for the whole turn. If not, the answer is 202 once the message is durable.
    #[serde(default = "yes")]
    #[schema(default = true)]
    wait: bool,
}

fn yes() -> bool {
    true
}

/// A message, and what agents answered until nobody had anything left to say.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TurnShown {
    /// The message's id.
    id: MessageId,
    /// The commit that holds it.
    seq: Seq,
    /// In the order in which they were given; absent without waiting.
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<Vec<TurnAnswer>>,
    /// Agents that were to answer, and did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    failures: Option<Vec<TurnFailure>>,
}

/// Page through the messages of a chat.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/chats/{chat}/messages", tag = "chats",
    params(("world" = WorldId, Path), ("chat" = ChatId, Path), Page),
    responses((status = 200, body = MessagePage), (status = 503, body = Problem))
)]
pub(crate) async fn list(
    State(gateway): State<Arc<Gateway>>,
    Ids((world, chat)): Ids<(WorldId, ChatId)>,
    Parameters(page): Parameters<Page>,
) -> Result<Json<MessagePage>, Problem> {
    let rows = match (page.after, page.before) {
        (None, None) => RowPage::Newest,
        (Some(after), None) => RowPage::After(after),
        (None, Some(before)) => RowPage::Before(before),
        (Some(_), Some(_)) => {
            let detail = "a page begins after a place, or ends before one";
            return Err(Problem::bad_address("before", detail));
        }
    };
    let query = MessagesQuery {
        world: world.clone(),
        chat: Some(chat),
        search: page.search,
        page: rows,
        limit: page_rows(page.limit)?,
        wait_for: page.wait_for,
    };
    let (messages, more) = gateway.query(&query).await?;
    check_world(&gateway, &world, messages.is_empty()).await?;
    Ok(Json(MessagePage { messages, more }))
}

/// Post a message, and wait for what agents answer.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/chats/{chat}/messages", tag = "chats",
    request_body = NewMessage, params(("world" = WorldId, Path), ("chat" = ChatId, Path)),
    responses(
        (status = 200, description = "the whole turn, or with `stream` its events as they come",
            content((TurnShown = "application/json"), (String = "text/event-stream"))),
        (status = 202, description = "without waiting", body = TurnShown),
        (status = 404, body = Problem), (status = 422, body = Problem), (status = 504, body = Problem)
    )
)]
pub(crate) async fn post(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids((world, chat)): Ids<(WorldId, ChatId)>,
    Body(message): Body<NewMessage>,
) -> Result<Response, Problem> {
    let waits = message.stream || message.wait;
    let connection = match message.stream {
        true => Some(gateway.connections.open(Transport::Sse)?),
        false => None,
    };
    // Watch before the message is sent: its first chunk may be faster than its acknowledgement.
    let feed = if waits {
        let bus = gateway.link.bus().await?;
        let filter = Filter {
            live: message.stream,
            ..Filter::default()
        };
        let joined = gateway.fanout.join(&bus, &world, filter);
        Some(gateway.link.during(joined).await?)
    } else {
        None
    };
    let id = caller.command_id(&world);
    let command = Command::PostMessage {
        chat,
        text: message.text,
        in_reply_to: message.in_reply_to,
    };
    let accepted = gateway.command(&world, id, message.sender, command).await?;
    let shown = TurnShown {
        id: id.event(0).message(),
        seq: accepted.seq,
        answers: None,
        failures: None,
    };
    let Some(mut feed) = feed else {
        return Ok((StatusCode::ACCEPTED, Json(shown)).into_response());
    };
    // The answers of a message that was posted before, with the same key, are in the log.
    feed.go_on_after(before(accepted.seq));
    let watch = Watch {
        turn: Turn::of(shown.id),
        until: Instant::now() + gateway.turn_deadline(),
        feed,
        gateway,
    };
    match connection {
        Some(connection) => {
            let place = Position {
                seq: accepted.seq,
                index: accepted.first,
            };
            let first = fanout::sse(Some(&place.to_string()), "message", &shown);
            Ok(streamed(watch, connection, first))
        }
        None => Ok(Json(watch.whole(shown).await?).into_response()),
    }
}

/// Somebody who waits for a turn to end.
struct Watch {
    gateway: Arc<Gateway>,
    feed: Feed,
    turn: Turn,
    until: Instant,
}

/// Why a turn was not seen to its end.
enum Cut {
    Deadline,
    Close(Close),
}

impl Watch {
    /// Waits for the whole turn.
    async fn whole(mut self, shown: TurnShown) -> Result<TurnShown, Problem> {
        loop {
            let frame = self.next().await.map_err(|cut| match cut {
                Cut::Deadline => Problem::deadline(format!(
                    "the message {} is stored in commit {}, but its turn has not ended yet",
                    shown.id, shown.seq
                )),
                Cut::Close(_) => Problem::unavailable(format!(
                    "the message {} is stored in commit {}, but its turn can't be waited for: \
                     repeat the request with the same Idempotency-Key",
                    shown.id, shown.seq
                )),
            })?;
            if let fanout::Body::Event(event) = &frame.body
                && self.turn.take(event) == Part::End
            {
                return Ok(TurnShown {
                    answers: Some(self.turn.answers),
                    failures: Some(self.turn.failures),
                    ..shown
                });
            }
        }
    }

    async fn next(&mut self) -> Result<Arc<Frame>, Cut> {
        let shutdown = self.gateway.shutdown.clone();
        tokio::select! {
            frame = timeout_at(self.until, self.feed.next()) => match frame {
                Ok(Ok(frame)) => Ok(frame),
                Ok(Err(Ended::Slow)) => Err(Cut::Close(Close::Slow)),
                Ok(Err(Ended::Unreadable)) => Err(Cut::Close(Close::ServerError)),
                Err(_) => Err(Cut::Deadline),
            },
            () = shutdown.cancelled() => Err(Cut::Close(Close::Shutdown)),
        }
    }

    /// The next thing that the client is told, and whether it is the last.
    async fn tell(&mut self, heartbeat: &mut Heartbeat) -> (Bytes, bool, Option<Close>) {
        loop {
            let frame = tokio::select! {
                frame = self.next() => frame,
                beat = heartbeat.next() => return (beat, false, None),
            };
            match frame {
                Ok(frame) => match &frame.body {
                    fanout::Body::Chunk(chunk) if self.turn.owns(chunk) => {
                        return (frame.sse(), false, None);
                    }
                    fanout::Body::Chunk(_) => {}
                    fanout::Body::Event(event) => match self.turn.take(event) {
                        Part::None => {}
                        Part::Result => return (frame.sse(), false, None),
                        Part::End => return (frame.sse(), true, None),
                    },
                },
                Err(Cut::Deadline) => {
                    let problem = Problem::deadline("the turn has not ended yet, and goes on");
                    return (fanout::sse(None, "error", &problem), true, None);
                }
                Err(Cut::Close(close)) => return (stream::goodbye(close), true, Some(close)),
            }
        }
    }
}

fn streamed(watch: Watch, connection: Connection, first: Bytes) -> Response {
    let every: Duration = watch.gateway.config.limits.sse_heartbeat;
    let state = Some((watch, connection, Heartbeat::every(every), Some(first)));
    stream::respond(futures::stream::unfold(state, async |state| {
        let (mut watch, connection, mut heartbeat, first) = state?;
        if let Some(first) = first {
            return Some((first, Some((watch, connection, heartbeat, None))));
        }
        let (bytes, last, close) = watch.tell(&mut heartbeat).await;
        connection.delivered(1);
        if let Some(close) = close {
            connection.closed(close);
        }
        let state = (!last).then_some((watch, connection, heartbeat, None));
        Some((bytes, state))
    }))
}
