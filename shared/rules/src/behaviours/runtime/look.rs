//! A machine that one looks at, and what is decided about it.

use contract::behaviour::{BehaviourTransitioned, BehaviourWaiting};
use contract::{EntityId, Fact, InteractionId, Rejection};

use super::definitions::Compiled;
use super::progress::Progress;
use super::resolve::Actor;
use crate::behaviours::machine::{MachineState, StateId, Transition};
use crate::behaviours::wildcards::resolve_text;
use crate::decider::{Decider, EventHeader};
use crate::world::World;

/// A machine, where it is, and why one looks at it.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) actor: Actor<'a>,
    pub(super) compiled: &'a Compiled,
    pub(super) progress: &'a Progress,
    pub(super) state: &'a MachineState,
    pub(super) cause: Cause,
}

/// Why one looks at a machine.
#[derive(Clone, Copy)]
pub(super) struct Cause {
    /// Whether something outside of machines has happened to its entity.
    pub(super) is_outside: bool,
    /// Whether what leads to this look has begun outside of machines in this step: its transitions are
    /// counted anew.
    pub(super) is_new: bool,
}

impl<'a> Look<'a> {
    pub(super) fn world(&self) -> &'a World {
        self.actor.world
    }

    pub(super) fn entity(&self) -> &'a EntityId {
        self.actor.id
    }

    pub(super) fn state_name(&self, id: StateId) -> &'a str {
        &self.compiled.machine.state(id).name
    }

    /// A transition is made: to its state, or to that of its failure.
    pub(super) fn make(
        &self,
        (place, transition): (u32, &Transition),
        failed: bool,
        interaction: Option<InteractionId>,
        decider: &mut Decider<'_>,
    ) -> Result<(), Rejection> {
        let to = if failed {
            transition.on_failure.unwrap_or(transition.to)
        } else {
            transition.to
        };
        let to_state = self.compiled.machine.state(to);
        let message = transition.message.as_ref().or(to_state.message.as_ref());
        let hops = self.next_hops(interaction);
        let made = BehaviourTransitioned {
            entity: self.entity().clone(),
            from: self.state.name.clone(),
            transition: place,
            action: transition.action.name.clone(),
            to: to_state.name.clone(),
            failed,
            interaction,
            hops,
            message: message.map(|text| resolve_text(text, &self.actor.wildcards())),
        };
        let header = EventHeader::sent_by(self.entity());
        decider.push_with(Fact::BehaviourTransitioned(made), header)
    }

    /// How many transitions the machine has made with this one since something outside of machines was the
    /// cause. A request that was there before is none that machines have made since: there is an end of these.
    fn next_hops(&self, interaction: Option<InteractionId>) -> u32 {
        if self.cause.is_new {
            return 1;
        }
        let open = interaction.and_then(|id| self.world().interactions.get(id));
        if open.is_some_and(|open| open.number() <= self.progress.chain_start) {
            // 1 would begin the count anew.
            return self.progress.hops.max(2);
        }
        self.progress.hops + 1
    }

    /// The machine waits for a transition: for the end of what it has sent, or for a success.
    pub(super) fn wait(
        &self,
        place: u32,
        interaction: Option<InteractionId>,
        decider: &mut Decider<'_>,
    ) -> Result<(), Rejection> {
        let waiting = BehaviourWaiting {
            entity: self.entity().clone(),
            transition: place,
            interaction,
            over: false,
        };
        let header = EventHeader::sent_by(self.entity());
        decider.push_with(Fact::BehaviourWaiting(waiting), header)
    }

    /// The machine does not wait for what it has sent any more: other transitions may be made, and this
    /// one when it is tried again.
    pub(super) fn give_up(&self, place: u32, decider: &mut Decider<'_>) -> Result<(), Rejection> {
        let waiting = BehaviourWaiting {
            entity: self.entity().clone(),
            transition: place,
            interaction: None,
            over: true,
        };
        let header = EventHeader::sent_by(self.entity());
        decider.push_with(Fact::BehaviourWaiting(waiting), header)
    }
}
