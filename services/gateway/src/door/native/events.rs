//! Events: send (native, or as CloudEvents), and page through the past.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use contract::cloud_event::{BATCH_MEDIA_TYPE, MEDIA_TYPE};
use contract::commit::Position;
use contract::query::EventsQuery;
use contract::{ChatId, CloudEvent, Command, CommandId, EntityId, NewEvent, Seq, WorldId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

use super::shape::{EventDraft, Stored, check_world, page_rows};
use crate::body::{self, Ids, Parameters};
use crate::caller::Caller;
use crate::cloud_events::{self, Incoming};
use crate::fanout::TypePattern;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// Which page of the events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// Those behind this place: `{seq}.{index}`, or `{seq}` for the end of a commit.
    after: Option<Position>,
    /// At most so many: 1 to 1000.
    #[param(default = 100)]
    limit: Option<u32>,
    /// Of this type, or of those that begin with it: `myapp.*`.
    #[serde(rename = "type")]
    #[param(value_type = Option<String>)]
    event_type: Option<TypePattern>,
    /// Sent by this entity, or naming it as target.
    entity: Option<EntityId>,
    /// Custom events that this entity heard: its own, those naming it, and those for everyone.
    heard_by: Option<EntityId>,
    /// The last ones, instead of the first. There is no next page then.
    #[serde(default)]
    last: bool,
    /// In this chat.
    chat: Option<ChatId>,
    /// Answer only when the archive holds this commit.
    wait_for: Option<Seq>,
}

/// A page of events, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventPage {
    events: Vec<CloudEvent>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Position>,
}

/// Events of one sender: all of them are stored, or none. One event may also stand beside `sender`.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SendEvents {
    /// In whose name.
    sender: EntityId,
    /// In this order.
    events: Vec<EventDraft>,
}

/// What a client sends, whichever form it has.
pub(super) struct Sending {
    pub(super) sender: EntityId,
    pub(super) events: Vec<NewEvent>,
    /// The id that the client's own ids make.
    pub(super) id: Option<CommandId>,
    form: Form,
}

/// Where the events are in what the client sent.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// Under `events[…]`.
    List,
    /// At the top, one.
    One,
    /// At the top, `[…]`.
    Batch,
}

/// Page through the events of a world.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/events", tag = "events", params(("world" = WorldId, Path), Page),
    responses((status = 200, body = EventPage), (status = 503, body = Problem))
)]
pub(crate) async fn list(
    State(gateway): State<Arc<Gateway>>,
    Ids(world): Ids<WorldId>,
    Parameters(page): Parameters<Page>,
) -> Result<Json<EventPage>, Problem> {
    let query = EventsQuery {
        world: world.clone(),
        after: page.after.unwrap_or(super::shape::before(1)),
        event_type: page.event_type.map(|pattern| pattern.to_string()),
        entity: page.entity,
        heard_by: page.heard_by,
        last: page.last,
        chat: page.chat,
        limit: page_rows(page.limit)?,
        wait_for: page.wait_for,
    };
    let (rows, more) = gateway.query(&query).await?;
    check_world(&gateway, &world, rows.is_empty()).await?;
    let next = rows.last().filter(|_| more && !query.last);
    let next = next.map(|row| row.position);
    let rows = rows.into_iter();
    let events = rows.map(|row| CloudEvent::from_row(&world, row)).collect();
    Ok(Json(EventPage { events, next }))
}

/// Send events: as JSON, or as CloudEvents, structured, in a batch, or binary. The same CloudEvent
/// (`source` and `id`) sent twice is stored once, and so is the same batch: it is stored as a whole.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/events", tag = "events", params(("world" = WorldId, Path)),
    request_body(content(
        (SendEvents = "application/json"),
        (CloudEvent = "application/cloudevents+json"),
        (Vec<CloudEvent> = "application/cloudevents-batch+json"),
    )),
    responses(
        (status = 201, body = Stored), (status = 404, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem)
    )
)]
pub(crate) async fn send(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids(world): Ids<WorldId>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let bytes = body::bytes(request, &gateway).await?;
    let sending = if cloud_events::is_binary(&headers) {
        from_cloud_events(
            vec![cloud_events::binary(&headers, &bytes, &world)?],
            Form::One,
        )?
    } else {
        match body::media_type(&headers).as_deref() {
            Some(MEDIA_TYPE) => {
                from_cloud_events(vec![cloud_events::structured(&bytes, &world)?], Form::One)?
            }
            Some(BATCH_MEDIA_TYPE) => {
                from_cloud_events(cloud_events::batch(&bytes, &world)?, Form::Batch)?
            }
            Some("application/json") => from_json(&bytes)?,
            _ => {
                let types = "application/json, application/cloudevents+json or \
                             application/cloudevents-batch+json";
                return Err(body::unsupported(types));
            }
        }
    };
    let id = caller.chosen_id(&world).or(sending.id).unwrap_or_default();
    Ok(store(&gateway, &world, id, sending).await?.created())
}

/// Sends events, and returns once they are durable.
pub(super) async fn store(
    gateway: &Gateway,
    world: &WorldId,
    id: CommandId,
    sending: Sending,
) -> Result<Stored, Problem> {
    let command = Command::SendEvents {
        events: sending.events,
        message: None,
    };
    let accepted = gateway
        .command(world, id, sending.sender, command)
        .await
        .map_err(|problem| relocate(problem, sending.form))?;
    Ok(Stored {
        id: None,
        ids: accepted.event_ids(id).collect(),
        seq: accepted.seq,
    })
}

/// Reads `{sender, events: […]}`, or one event with its `sender` beside it.
pub(super) fn from_json(json: &[u8]) -> Result<Sending, Problem> {
    let mut object: BTreeMap<String, Box<RawValue>> = body::parse(json)?;
    if object.contains_key("events") {
        let body: SendEvents = body::parse(json)?;
        return Ok(Sending {
            sender: body.sender,
            events: body.events.into_iter().map(Into::into).collect(),
            id: None,
            form: Form::List,
        });
    }
    let sender = object
        .remove("sender")
        .ok_or_else(|| Problem::invalid("sender", "an event has a sender"))?;
    let sender = serde_json::from_str(sender.get())
        .map_err(|error| Problem::invalid("sender", error.to_string()))?;
    let rest = serde_json::to_vec(&object).unwrap_or_default();
    let event: EventDraft = body::parse(&rest)?;
    Ok(Sending {
        sender,
        events: vec![event.into()],
        id: None,
        form: Form::One,
    })
}

fn from_cloud_events(events: Vec<Incoming>, form: Form) -> Result<Sending, Problem> {
    let id = Incoming::command_id(&events);
    let Some(sender) = events.first().map(|event| event.sender.clone()) else {
        return Err(Problem::invalid("body", "a batch has at least one event"));
    };
    if let Some(index) = events.iter().position(|event| event.sender != sender) {
        let detail = "the events of one batch have one sender: they are stored together";
        return Err(Problem::invalid(format!("[{index}].sender"), detail));
    }
    Ok(Sending {
        sender,
        events: events.into_iter().map(|event| event.draft).collect(),
        id: Some(id),
        form,
    })
}

/// A field as the client wrote it: the world knows it as `events[2].type`.
fn relocate(mut problem: Problem, form: Form) -> Problem {
    let start = match form {
        Form::List => return problem,
        Form::One => "events[0].",
        Form::Batch => "events",
    };
    if let Some(field) = problem
        .field
        .as_deref()
        .and_then(|field| field.strip_prefix(start))
    {
        problem.field = Some(field.to_owned());
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_may_stand_beside_its_sender() {
        let sending = from_json(br#"{"sender":"ada","type":"a.b","data":{"n":  1}}"#).unwrap();
        assert_eq!(sending.sender.as_str(), "ada");
        assert_eq!(sending.events[0].data.get(), r#"{"n":  1}"#);
    }

    #[test]
    fn a_bad_event_is_refused_with_the_path_of_its_fault() {
        for (json, field) in [
            (r#"{"type":"a.b","data":1}"#, "sender"),
            (r#"{"sender":"a b","type":"a.b","data":1}"#, "sender"),
            (r#"{"sender":"ada","type":"a b","data":1}"#, "type"),
            (r#"{"sender":"ada","type":"a.b"}"#, "data"),
            (r#"{"sender":"ada","type":"a.b","data":1,"x":1}"#, "x"),
            (
                r#"{"sender":"ada","events":[{"type":"a.b"}]}"#,
                "events[0].data",
            ),
            (
                r#"{"sender":"ada","events":[{"type":"a.b","data":1,"x":{}}]}"#,
                "events[0].x",
            ),
            (r#"{"sender":"ada","events":[],"x":1}"#, "x"),
        ] {
            let problem = from_json(json.as_bytes()).err().unwrap();
            assert_eq!(problem.status.as_u16(), 422, "{json}");
            assert_eq!(problem.field.as_deref(), Some(field), "{json}");
        }
    }

    #[test]
    fn a_field_is_named_as_the_client_wrote_it() {
        for (form, expected) in [
            (Form::List, "events[0].type"),
            (Form::One, "type"),
            (Form::Batch, "[0].type"),
        ] {
            let problem = Problem::invalid("events[0].type", "");
            assert_eq!(relocate(problem, form).field.as_deref(), Some(expected));
        }
    }
}
