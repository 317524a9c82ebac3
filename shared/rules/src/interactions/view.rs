//! Interactions, as others see them.

use contract::view::{InteractionStatus, InteractionView, TargetView};
use contract::{EntityId, InteractionId};
use serde_json::value::{RawValue, to_raw_value};

use super::open::{OpenInteraction, Progress};

/// How an interaction ended, in at most so many bytes: if all of it is larger, without the values of its outputs;
/// and if it still is, without the outputs and the details.
pub(crate) fn outcome_of(
    id: InteractionId,
    ended: &OpenInteraction,
    bytes_max: usize,
) -> Option<Box<RawValue>> {
    let mut view = interaction_view(id, ended);
    view.status = InteractionStatus::Ended;
    view.ended_at = view
        .targets
        .iter()
        .filter_map(|target| target.ended_at)
        .max();
    if let Some(encoded) = encode_within(&view, bytes_max) {
        return Some(encoded);
    }
    let outputs = view
        .targets
        .iter_mut()
        .flat_map(|target| &mut target.output);
    outputs.for_each(|output| output.value = None);
    if let Some(encoded) = encode_within(&view, bytes_max) {
        return Some(encoded);
    }
    for target in &mut view.targets {
        target.output.clear();
        target.detail = None;
    }
    to_raw_value(&view).ok()
}

fn encode_within(view: &InteractionView, bytes_max: usize) -> Option<Box<RawValue>> {
    let encoded = to_raw_value(view).ok()?;
    (encoded.get().len() <= bytes_max).then_some(encoded)
}

/// An interaction as it is now.
pub(crate) fn interaction_view(id: InteractionId, open: &OpenInteraction) -> InteractionView {
    let targets = open.request.targets.iter();
    let targets = targets.filter_map(|target| Some((target, open.progress(target)?)));
    InteractionView {
        id,
        requester: open.requester.clone(),
        action: open.request.action.clone(),
        status: InteractionStatus::Open,
        requested_at: open.requested_at,
        deadline: open.request.deadline,
        ended_at: None,
        targets: targets
            .map(|(target, progress)| target_view(target, progress, open.request.steps))
            .collect(),
    }
}

fn target_view(target: &EntityId, progress: &Progress, steps: u32) -> TargetView {
    let end = progress.ended.as_ref();
    TargetView {
        target: target.clone(),
        status: progress.status,
        steps_done: progress.steps_done,
        steps,
        reason: end.and_then(|end| end.reason.clone()),
        detail: end.and_then(|end| end.detail.clone()),
        state: end.and_then(|end| end.state.clone()),
        ended_at: end.map(|end| end.at),
        output: progress.output.clone(),
    }
}
