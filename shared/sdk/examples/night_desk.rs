//! A desk that takes claims at any hour, and has them assessed when the assessors are there: the world is
//! `deploy/worlds/night-desk.yaml`.
//!
//! Each claim becomes an interaction with all that have the role `assessor`. It waits in the world, until their
//! behaviour accepts it or its deadline passes, and the outcome comes back to the session of the claim.

use std::time::Duration;

use manyworlds_sdk::contract::flow::INTERACTION_OUTCOME;
use manyworlds_sdk::contract::interaction::NewInteraction;
use manyworlds_sdk::contract::view::InteractionView;
use manyworlds_sdk::{Error, Event, JsonSchema, Node, NodeCtx, NodeEvent, Worker, schemars};
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;

/// What a customer claims.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "claim_event")]
pub(crate) struct ClaimEvent {
    pub(crate) text: String,
    /// How long the customer waits for an assessment.
    #[serde(default = "a_day")]
    pub(crate) within_seconds: u32,
}

const fn a_day() -> u32 {
    24 * 60 * 60
}

/// Takes claims, and counts those that were assessed.
pub(crate) struct ClaimsDesk;

impl Node for ClaimsDesk {
    async fn process_event(&self, event: NodeEvent, ctx: NodeCtx) -> Result<(), Error> {
        if let Some(claim) = event.decode::<ClaimEvent>()? {
            return assess(&claim, &ctx).await;
        }
        if event.event_type == INTERACTION_OUTCOME {
            let outcome: InteractionView = event.decode_data()?;
            let done =
                |target: &manyworlds_sdk::contract::view::TargetView| !target.output.is_empty();
            let assessed = ctx.variable("assessed").and_then(|count| count.as_u64());
            let more = u64::from(outcome.targets.iter().any(done));
            ctx.set_variable("assessed", assessed.unwrap_or_default() + more);
        }
        // The outcome passes on, to the client.
        Ok(())
    }
}

async fn assess(claim: &ClaimEvent, ctx: &NodeCtx) -> Result<(), Error> {
    let bad = |reason: String| Error::failed("bad_claim", reason);
    let action = "process".parse();
    let action =
        action.map_err(|error: manyworlds_sdk::contract::id::InvalidId| bad(error.to_string()))?;
    let samples = to_raw_value(&[&claim.text]).map_err(|error| bad(error.to_string()))?;
    let within = Duration::from_secs(claim.within_seconds.into());
    ctx.request_interaction(NewInteraction {
        samples: Some(samples),
        deadline: Some(ctx.now() + within),
        ..NewInteraction::new(action, ["role:assessor"])
    })
    .await
    .map(drop)
}

fn main() -> anyhow::Result<()> {
    Worker::builder().node("claims_desk", ClaimsDesk).main()
}
