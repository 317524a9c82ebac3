//! What is shown of a machine.

use contract::EntityId;
use contract::behaviour::{RunningAction, WaitReason, Waiting, Warning};

use super::progress::Wait;
use super::state::Behaviours;
use crate::behaviours::machine::Machine;
use crate::world::World;

impl Behaviours {
    /// The machine of an entity.
    pub(crate) fn machine(&self, entity: &EntityId) -> Option<&Machine> {
        self.compiled(entity).map(|compiled| &compiled.machine)
    }

    /// What is doubtful in the behaviour of an entity.
    pub(crate) fn warnings(&self, entity: &EntityId) -> Vec<Warning> {
        self.compiled(entity)
            .map_or_else(Vec::new, |compiled| compiled.warnings.clone())
    }

    /// The transitions that may be next, and what each waits for.
    pub(crate) fn waiting_for(&self, entity: &EntityId) -> Vec<Waiting> {
        let Some((compiled, progress)) = self.compiled(entity).zip(self.get(entity)) else {
            return Vec::new();
        };
        let Some(state) = compiled.machine.find(&progress.state) else {
            return Vec::new();
        };
        let state = compiled.machine.state(state);
        if let Some(busy) = &progress.busy {
            let place = busy
                .transition
                .and_then(|place| usize::try_from(place).ok());
            let transition = place.and_then(|place| state.transitions.get(place));
            let action = transition.map(|transition| transition.action.name.clone());
            let action = action.or_else(|| Some(state.action.as_ref()?.name.clone()));
            return vec![Waiting {
                action: action.unwrap_or_default(),
                reason: WaitReason::Completion,
                at: None,
            }];
        }
        let transitions = (0_u32..).zip(&state.transitions);
        let waiting = transitions.map(|(place, transition)| {
            let retry = progress.retries.get(&place).map(|retry| retry.at);
            let delay = progress.since + transition.delay.max(state.wait);
            let is_delayed = progress.alarm.is_some_and(|alarm| alarm <= delay);
            let (reason, at) = if !transition.ready {
                (WaitReason::Request, None)
            } else if is_delayed {
                (WaitReason::Time, Some(delay))
            } else if transition.action.needs_input() {
                (WaitReason::Data, None)
            } else if retry.is_some() {
                (WaitReason::Time, retry)
            } else {
                (WaitReason::Change, None)
            };
            Waiting {
                action: transition.action.name.clone(),
                reason,
                at,
            }
        });
        waiting.collect()
    }

    /// The action that is being done.
    pub(crate) fn running(&self, world: &World, entity: &EntityId) -> Option<RunningAction> {
        let busy = self.get(entity)?.busy.as_ref()?;
        let action = self.waiting_for(entity).into_iter().next()?.action;
        let run = match &busy.wait {
            Wait::Served { interaction, .. } => {
                let open = world.interactions.get(*interaction);
                open.and_then(|open| open.progress(entity)?.run())
            }
            Wait::Sent | Wait::Success | Wait::Answer { .. } => None,
        };
        Some(RunningAction {
            action,
            since: busy.since,
            run,
        })
    }
}
