//! A world service with the rules of worlds: what a gateway needs of one, for what a script can't predict.

use std::collections::HashMap;

use bus::{Bus, IncomingRequest};
use contract::ability::AvailableAbility;
use contract::view::EncodedView;
use contract::{
    Accepted, CommandMark, CommandRequest, Commit, CommitId, Entity, EntityId, Rejection,
    RejectionCode, Reply, Request, Seq, Timestamp, WorldId,
};
use futures::StreamExt as _;

use crate::world_requests::world_requests;

/// Decides the commands of all worlds, one after the other.
pub(crate) struct RulesWorld {
    bus: Bus,
    states: HashMap<WorldId, (Seq, rules::World)>,
}

impl RulesWorld {
    pub(crate) fn new(bus: Bus) -> Self {
        Self {
            bus,
            states: HashMap::new(),
        }
    }

    pub(crate) async fn serve(mut self) {
        let mut requests = world_requests(&self.bus).await;
        while let Some(incoming) = requests.next().await {
            self.reply_to(incoming).await;
        }
    }

    async fn reply_to(&mut self, incoming: IncomingRequest) {
        let world = incoming.world.clone();
        let reply = match *incoming.request {
            Request::Command(request) => match self.decide(&world, &request).await {
                Ok(accepted) => Reply::Accepted(accepted),
                Err(rejection) => Reply::Rejected(rejection),
            },
            Request::State { view, .. } => match self.states.get(&world) {
                Some((seq, state)) => {
                    let view = rules::view(state, &view);
                    Reply::View(EncodedView::new(*seq, &view).unwrap())
                }
                None => Reply::Rejected(unknown_world()),
            },
            Request::Offers { agent } => match self.offers(&world, &agent) {
                Ok((offers, entities)) => Reply::Offers { offers, entities },
                Err(rejection) => Reply::Rejected(rejection),
            },
            _ => return,
        };
        incoming.reply.send(&reply).await;
    }

    fn offers(
        &self,
        world: &WorldId,
        agent: &EntityId,
    ) -> Result<(Vec<AvailableAbility>, Vec<Entity>), Rejection> {
        let (_, state) = self.states.get(world).ok_or_else(unknown_world)?;
        rules::available_abilities(state, agent)
    }

    async fn decide(
        &mut self,
        world: &WorldId,
        request: &CommandRequest,
    ) -> Result<Accepted, Rejection> {
        let new = || (0, rules::World::new(world.clone()));
        let (seq, state) = self.states.get(world).cloned().unwrap_or_else(new);
        let at = Timestamp::now();
        let events = rules::step(&mut state.clone(), request, at)?;
        let count = u32::try_from(events.len()).unwrap();
        let commit = Commit {
            clock: None,
            rules: rules::VERSION,
            id: CommitId::new(),
            at,
            wake: None,
            commands: vec![CommandMark {
                id: request.id,
                events: count,
            }],
            events,
        };
        let mut state = state;
        let seq = self.bus.log().append(world, &commit, seq).await.unwrap();
        rules::replay(&mut state, seq, &commit).unwrap();
        self.states.insert(world.clone(), (seq, state));
        Ok(Accepted {
            seq,
            first: 0,
            events: count,
        })
    }
}

fn unknown_world() -> Rejection {
    let field = Some("world".to_owned());
    Rejection::new(RejectionCode::UnknownWorld, "there is no such world", field)
}
