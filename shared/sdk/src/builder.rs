//! The builder of a worker.

use std::sync::Arc;

use anyhow::bail;
use contract::ActionName;
use contract::behaviour::CustomAction;
use service_kit::CancellationToken;

use crate::action::Action;
use crate::behaviour_ctx::BehaviourCtx;
use crate::brain::Brain;
use crate::brain_action::BrainAction;
use crate::config::Config;
use crate::custom_action::CustomActionFunction;
use crate::error::Error;
use crate::node::Node;
use crate::node_action::NodeAction;
use crate::object::Object;
use crate::object_type::ObjectType;
use crate::placement::Placement;
use crate::processor::Processor;
use crate::processor_action::ProcessorAction;
use crate::provision::ProvisionedObject;
use crate::worker::Worker;

/// Collects the objects, brains, processors and actions of a worker. What is invalid is reported by
/// [`build`](Self::build).
#[derive(Default)]
pub struct Builder {
    name: String,
    actions: Vec<Arc<dyn Action>>,
    objects: Vec<ProvisionedObject>,
    problems: Vec<String>,
}

impl Builder {
    /// Registers the abilities of a type of objects, and creates objects of it: each is given as
    /// the id of its world and its placement there.
    #[must_use]
    pub fn object<O: Object>(
        mut self,
        object_type: ObjectType<O>,
        placements: impl IntoIterator<Item = (&'static str, Placement<O>)>,
    ) -> Self {
        for (world, placement) in placements {
            let entity = placement.into_entity(&object_type);
            match (world.parse(), entity) {
                (Ok(world), Ok(entity)) => self.objects.push(ProvisionedObject {
                    world,
                    entity,
                    event_types: object_type.event_types.clone(),
                }),
                (Err(error), _) => self.problems.push(error.to_string()),
                (_, Err(error)) => self.problems.push(format!("{error:#}")),
            }
        }
        self.problems.extend(object_type.problems);
        self.actions.extend(object_type.actions);
        self
    }

    /// Registers a brain under a name, for agents whose brain is `{"function": {"action": NAME}}`.
    #[must_use]
    pub fn brain(mut self, name: &str, brain: impl Brain) -> Self {
        match name.parse::<ActionName>() {
            Ok(name) => self.actions.push(Arc::new(BrainAction { name, brain })),
            Err(error) => self.problems.push(error.to_string()),
        }
        self
    }

    /// Registers a processor under a name, for agents whose processor is `{"function": {"action": NAME}}`.
    #[must_use]
    pub fn processor(mut self, name: &str, processor: impl Processor) -> Self {
        match name.parse::<ActionName>() {
            Ok(name) => {
                let action = ProcessorAction { name, processor };
                self.actions.push(Arc::new(action));
            }
            Err(error) => self.problems.push(error.to_string()),
        }
        self
    }

    /// Registers a custom action of behaviours, which takes any arguments, and which others may request.
    /// A world file that declares an action of this name goes before that.
    #[must_use]
    pub fn custom_action<F, R>(mut self, name: &str, function: F) -> Self
    where
        F: Fn(BehaviourCtx) -> R + Send + Sync + 'static,
        R: Future<Output = Result<bool, Error>> + Send + 'static,
    {
        match name.parse::<ActionName>() {
            Ok(name) => {
                let declaration = CustomAction {
                    name,
                    arguments: None,
                    requestable: true,
                };
                self.custom_action_with(declaration, function)
            }
            Err(error) => {
                self.problems.push(error.to_string());
                self
            }
        }
    }

    /// Registers a custom action of behaviours with the schema of its arguments, and whether others may
    /// request it.
    #[must_use]
    pub fn custom_action_with<F, R>(mut self, declaration: CustomAction, function: F) -> Self
    where
        F: Fn(BehaviourCtx) -> R + Send + Sync + 'static,
        R: Future<Output = Result<bool, Error>> + Send + 'static,
    {
        self.actions.push(Arc::new(CustomActionFunction {
            declaration,
            function,
        }));
        self
    }

    /// Sets what the worker calls itself in the declarations of its custom actions.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Registers the code of nodes under a name: of those nodes of flows whose `worker` is that name.
    #[must_use]
    pub fn node(mut self, name: &str, node: impl Node) -> Self {
        match name.parse::<ActionName>() {
            Ok(name) => self.actions.push(Arc::new(NodeAction { name, node })),
            Err(error) => self.problems.push(error.to_string()),
        }
        self
    }

    /// Registers an action.
    #[must_use]
    pub fn action(mut self, action: impl Action) -> Self {
        self.actions.push(Arc::new(action));
        self
    }

    /// The names of all actions that were registered.
    pub fn action_names(&self) -> impl Iterator<Item = &ActionName> {
        self.actions.iter().map(|action| action.name())
    }

    /// Builds the worker.
    ///
    /// # Errors
    /// All that is invalid: names of worlds, objects, abilities, brains, processors and nodes.
    pub fn build(self, config: Config) -> anyhow::Result<Worker> {
        if !self.problems.is_empty() {
            bail!("{}", self.problems.join("; "));
        }
        Ok(Worker::new(config)
            .with_name(self.name)
            .with_actions(self.actions)
            .with_objects(self.objects))
    }

    /// The `main` function of a worker: reads its configuration from the file that
    /// `MANYWORLDS_CONFIG` names and from `MANYWORLDS_*` variables, and runs until SIGTERM or
    /// Ctrl-C.
    ///
    /// # Errors
    /// The error that stopped it.
    pub fn main(self) -> anyhow::Result<()> {
        let run = async |config: Config, shutdown: CancellationToken| {
            self.build(config)?.run(shutdown).await
        };
        service_kit::service_main("worker", run)
    }
}

// Here, since a worker itself does not know its builder.
impl Worker {
    /// A [`Builder`], to which objects, brains and actions are added.
    pub fn builder() -> Builder {
        Builder::default()
    }
}
