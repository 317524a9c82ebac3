//! The state of a world, now or at any commit, and what its models cost. Entities and chats are
//! shown from here as well.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::command::View;
use contract::query::{UsageQuery, UsageRow};
use contract::{Rejection, RejectionCode, Seq, WorldId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

use super::shape::check_world;
use crate::body::{Ids, Parameters};
use crate::gateway::Gateway;
use crate::problem::Problem;

/// Which moment.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Moment {
    /// The last commit that the state includes; now when absent.
    at: Option<Seq>,
    /// `outline`: without the states of entities, what was said in chats, what runs were given,
    /// types of events and timers.
    #[serde(default)]
    #[param(inline)]
    view: View,
}

/// A state and its place in the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StateShown {
    /// The last commit in it. Events behind this place are not in it.
    seq: Seq,
    /// What the log adds up to.
    #[schema(value_type = Object)]
    state: Box<RawValue>,
}

/// What a world's models cost.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageShown {
    /// By agent and model.
    usage: Vec<UsageRow>,
    /// Whether there are others behind these, which one answer does not hold (1000 KiB, or 20,000 rows);
    /// absent when these are all.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    more: bool,
}

/// What the archive must hold.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Freshness {
    /// Answer only when the archive holds this commit.
    pub(crate) wait_for: Option<Seq>,
}

/// Show the state of a world, or an outline of it. A state of more than 32 MiB is refused, here and
/// wherever entities, types of events or a single chat are asked for, which are read from all of it. Its
/// outline, the list of its chats, their messages and its events are still shown.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/state", tag = "worlds",
    params(("world" = WorldId, Path), Moment),
    responses((status = 200, body = StateShown), (status = 404, body = Problem))
)]
pub(crate) async fn state(
    State(gateway): State<Arc<Gateway>>,
    Ids(world): Ids<WorldId>,
    Parameters(moment): Parameters<Moment>,
) -> Result<Json<StateShown>, Problem> {
    let (seq, state) = gateway.state(&world, moment.at, moment.view).await?;
    Ok(Json(StateShown { seq, state }))
}

/// Show what a world's models cost, by agent and model.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/usage", tag = "worlds",
    params(("world" = WorldId, Path), Freshness),
    responses((status = 200, body = UsageShown), (status = 503, body = Problem))
)]
pub(crate) async fn usage(
    State(gateway): State<Arc<Gateway>>,
    Ids(world): Ids<WorldId>,
    Parameters(Freshness { wait_for }): Parameters<Freshness>,
) -> Result<Json<UsageShown>, Problem> {
    let query = UsageQuery {
        world: world.clone(),
        wait_for,
    };
    let (usage, more) = gateway.query(&query).await?;
    check_world(&gateway, &world, usage.is_empty()).await?;
    Ok(Json(UsageShown { usage, more }))
}

/// The parts of a state that the door shows one by one.
#[derive(Debug, Deserialize)]
pub(super) struct Parts {
    #[serde(default)]
    pub(super) entities: BTreeMap<String, Box<RawValue>>,
    #[serde(default)]
    pub(super) chats: BTreeMap<String, Box<RawValue>>,
    #[serde(default)]
    pub(super) invocations: BTreeMap<String, Box<RawValue>>,
    #[serde(default)]
    pub(super) event_types: BTreeMap<String, Box<RawValue>>,
    #[serde(default)]
    pub(super) approvals: BTreeMap<String, Box<RawValue>>,
}

/// # Errors
/// As [`Gateway::state`].
pub(super) async fn parts(
    gateway: &Gateway,
    world: &WorldId,
    view: View,
) -> Result<(Seq, Parts), Problem> {
    let (seq, state) = gateway.state(world, None, view).await?;
    let parts = serde_json::from_str(state.get()).map_err(|error| {
        tracing::error!(world.id = %world, %error, "a state that is none");
        Problem::internal()
    })?;
    Ok((seq, parts))
}

/// The one with this id.
///
/// # Errors
/// 404 of this kind when there is none.
pub(super) fn one(
    mut parts: BTreeMap<String, Box<RawValue>>,
    id: &str,
    code: RejectionCode,
    field: &str,
) -> Result<Json<Box<RawValue>>, Problem> {
    parts.remove(id).map(Json).ok_or_else(|| {
        Rejection {
            code,
            detail: format!("the world has no {field} {id}"),
            field: Some(field.to_owned()),
            cause: None,
        }
        .into()
    })
}
