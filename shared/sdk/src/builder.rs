//! A worker in the making.

use std::sync::Arc;

use anyhow::bail;
use contract::ActionName;
use service_kit::CancellationToken;

use crate::brain::{Brain, Function};
use crate::object::Kind;
use crate::place::{Placed, Placement};
use crate::{Action, Config, Object, Worker};

/// What a worker offers, as it is put together. What makes no sense is said when it is started.
#[derive(Default)]
pub struct Builder {
    actions: Vec<Arc<dyn Action>>,
    placements: Vec<Placement>,
    problems: Vec<String>,
}

impl Builder {
    /// Offers what the objects of a kind can do, and places some in worlds: world by world, with the
    /// id that each has there.
    #[must_use]
    pub fn object<O: Object>(
        mut self,
        kind: Kind<O>,
        placed: impl IntoIterator<Item = (&'static str, Placed<O>)>,
    ) -> Self {
        for (world, placed) in placed {
            let entity = placed.entity(&kind);
            match (world.parse(), entity) {
                (Ok(world), Ok(entity)) => self.placements.push(Placement {
                    world,
                    entity,
                    event_types: kind.event_types.clone(),
                }),
                (Err(error), _) => self.problems.push(error.to_string()),
                (_, Err(error)) => self.problems.push(format!("{error:#}")),
            }
        }
        self.problems.extend(kind.problems);
        self.actions.extend(kind.actions);
        self
    }

    /// Offers a brain under a name: agents whose brain is `{"function": {"action": NAME}}` think
    /// with it.
    #[must_use]
    pub fn brain(mut self, name: &str, brain: impl Brain) -> Self {
        match name.parse::<ActionName>() {
            Ok(name) => self.actions.push(Arc::new(Function { name, brain })),
            Err(error) => self.problems.push(error.to_string()),
        }
        self
    }

    /// Offers an action.
    #[must_use]
    pub fn action(mut self, action: impl Action) -> Self {
        self.actions.push(Arc::new(action));
        self
    }

    /// The worker.
    ///
    /// # Errors
    /// What makes no sense of it, all at once.
    pub fn build(self, config: Config) -> anyhow::Result<Worker> {
        if !self.problems.is_empty() {
            bail!("{}", self.problems.join("; "));
        }
        Ok(Worker::new(config)
            .offer_all(self.actions)
            .place_all(self.placements))
    }

    /// The `main` of a worker: reads its configuration from the file that `MANYWORLDS_CONFIG` names
    /// and from `MANYWORLDS_*` variables, and works until SIGTERM or Ctrl-C.
    ///
    /// # Errors
    /// Whatever stopped it.
    pub fn main(self) -> anyhow::Result<()> {
        let run = async |config: Config, shutdown: CancellationToken| {
            self.build(config)?.run(shutdown).await
        };
        service_kit::service_main("worker", run)
    }
}
