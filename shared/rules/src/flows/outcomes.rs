//! Outcomes of the interactions that nodes have requested: each is an event of the node, in its session.

use contract::flow::{FlowEvent, INTERACTION_OUTCOME, Route};
use contract::{EntityId, EventId, Rejection};
use serde_json::value::RawValue;

use super::cascade::Cascade;
use super::travel::Travel;
use crate::sessions::NodeOutcome;

impl Cascade<'_, '_, '_> {
    /// Sends the outcomes that the session has not got yet, as far as the commit has room.
    pub(super) fn send_outcomes(&mut self) -> Result<(), Rejection> {
        while self.has_room()
            && let Some(outcome) = self.session.outcomes.front().cloned()
        {
            self.send_outcome(outcome)?;
        }
        Ok(())
    }

    fn send_outcome(&mut self, outcome: NodeOutcome) -> Result<(), Rejection> {
        let NodeOutcome {
            interaction,
            step,
            data,
        } = outcome;
        let node = self.graph.find(&step.node);
        let route = match node {
            Some(node) => self.route_of_outcome(node, &data),
            None => Route::to_client(),
        };
        let sender = node.map_or_else(EntityId::world, |node| self.entity_of(node));
        let sent = FlowEvent {
            node: Some(step.node),
            turn: Some(step.turn),
            interaction: Some(interaction),
            route,
            ..self.own(INTERACTION_OUTCOME, data)
        };
        let header = self.header(Some(sender), Some(EventId(interaction.0)));
        self.push(sent, header).map(|_| ())
    }

    /// The node itself handles it first, if it handles its type.
    fn route_of_outcome(&self, node: usize, data: &RawValue) -> Route {
        let travel = Travel {
            graph: self.graph,
            session: &self.session,
            event: None,
            event_type: INTERACTION_OUTCOME,
            data,
            origin: Some(node),
        };
        if self.graph.nodes[node].handles(INTERACTION_OUTCOME) {
            travel.route_into(node)
        } else {
            travel.route_along_edges(node, |_| true)
        }
    }
}
