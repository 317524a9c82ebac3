//! The results of entities that clients run.

use contract::interaction::{EndStatus, TargetStatus};
use contract::{InteractionId, Rejection, RejectionCode};
use serde_json::value::RawValue;

use super::data;
use super::end::Reason;
use super::follow_up::open_target;
use super::limits::{DETAIL_BYTES_MAX, SAMPLES_BYTES_MAX};
use super::readiness::is_client;
use crate::decider::Decider;
use crate::rejection::{reject, too_large};
use crate::text::check_text;
use crate::world::World;

/// What a client reports about an interaction of the command's sender.
#[derive(Clone, Copy)]
pub(crate) struct ClientResult<'a> {
    pub(crate) interaction: InteractionId,
    pub(crate) ok: bool,
    pub(crate) samples: &'a [Box<RawValue>],
    pub(crate) detail: Option<&'a str>,
}

/// A client reports how an interaction ended for the entity that it runs.
pub(crate) fn complete_by_client(
    world: &World,
    result: ClientResult<'_>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let target = decider.sender();
    if !is_client(world, target) {
        let detail = format!("workers report for {target}: its brain is not a client");
        return Err(reject(
            RejectionCode::NotAllowed,
            detail,
            Some("target".to_owned()),
        ));
    }
    let bytes: usize = result.samples.iter().map(|sample| sample.get().len()).sum();
    if bytes > SAMPLES_BYTES_MAX {
        let detail = format!("{bytes} bytes; at most {SAMPLES_BYTES_MAX} are taken");
        return Err(too_large(detail, Some("samples".to_owned())));
    }
    check_text(result.detail.unwrap_or(""), DETAIL_BYTES_MAX, "detail")?;
    let interaction = world.interactions.get(result.interaction);
    if interaction.is_some_and(|interaction| interaction.progress(target).is_none()) {
        let detail = format!(
            "{target} is no target of the interaction {}",
            result.interaction
        );
        return Err(reject(
            RejectionCode::NotAllowed,
            detail,
            Some("target".to_owned()),
        ));
    }
    let open = open_target(world, result.interaction, target);
    let Some(open) = open.filter(|open| open.progress.status == TargetStatus::Accepted) else {
        let id = result.interaction;
        let detail = format!("{target} has no interaction {id} that it accepted and has not ended");
        let field = Some("interaction".to_owned());
        return Err(reject(RejectionCode::AlreadyEnded, detail, field));
    };
    if !result.ok {
        let reason = Reason {
            word: "failed",
            detail: result.detail.unwrap_or(""),
        };
        return open.end(EndStatus::Failed, Some(reason), decider);
    }
    if result.samples.is_empty() {
        return open.complete(Vec::new(), decider);
    }
    let output = data::write(
        world,
        target,
        data::PROCESSOR,
        result.samples,
        open.id,
        decider,
    )?;
    open.complete(vec![output], decider)
}
