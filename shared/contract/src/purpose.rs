//! Why a run was requested: what it is given, and what its end means, follow from that alone.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use crate::ability_call::{Caller, Question};
use crate::action;
use crate::event::Event;
use crate::fact::ActionRequested;
use crate::flow::NodeStep;
use crate::id::{ActionName, ChatId, EntityId};
use crate::interaction::InteractionStep;
use crate::mind::ThinkTask;
use crate::purpose_kind::PurposeKind;
use crate::timestamp::Timestamp;

/// The purpose of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// An agent answers a message, or goes on with its answer when its tool calls have results.
    Answer(Question),
    /// A tool is called, on an agent's way to an answer.
    ToolCall {
        /// What the agent answers.
        question: Question,
        /// The call, by its id: one of those of the agent's last step.
        call: String,
    },
    /// An ability of the run's entity was triggered by an event.
    Ability {
        /// The ability.
        name: ActionName,
        /// The agent that called it; none when somebody sent the event.
        caller: Option<Caller>,
    },
    /// An agent with a mind decides what to do next.
    Decide,
    /// The memory of an agent with a mind is summarised.
    Summarise,
    /// A model finds a title for a chat.
    Title {
        /// The chat.
        chat: ChatId,
    },
    /// The run's entity does what another requests of it.
    Interaction(InteractionStep),
    /// The run handles an event of a session for a node of its flow.
    Node(Box<NodeStep>),
    /// Somebody requested it by its name.
    Requested,
}

impl Purpose {
    /// The purpose of the run that an event requests. Every event has one. It follows from the fields of
    /// the event, in this order of precedence:
    ///
    /// 1. it thinks for an agent with a mind: [`Decide`](Self::Decide) or
    ///    [`Summarise`](Self::Summarise);
    /// 2. it is for an ability: [`Ability`](Self::Ability);
    /// 3. it makes a call, in a chat: [`ToolCall`](Self::ToolCall);
    /// 4. it answers a message, in a chat: [`Answer`](Self::Answer);
    /// 5. its action is `title`, in a chat: [`Title`](Self::Title);
    /// 6. it does steps of a request: [`Interaction`](Self::Interaction);
    /// 7. it handles an event of a session: [`Node`](Self::Node);
    /// 8. [`Requested`](Self::Requested).
    pub fn of(event: &Event, requested: &ActionRequested) -> Self {
        let question = question(event, requested);
        if let Some(task) = requested.thinking {
            return match task {
                ThinkTask::Decide => Self::Decide,
                ThinkTask::Summarise => Self::Summarise,
            };
        }
        if let Some(name) = &requested.ability {
            let name = name.clone();
            let caller = caller(question, requested);
            return Self::Ability { name, caller };
        }
        match (question, &requested.call, &event.chat) {
            (Some(question), Some(call), _) => Self::ToolCall {
                question,
                call: call.clone(),
            },
            (Some(question), None, _) => Self::Answer(question),
            (None, _, Some(chat)) if requested.action.as_str() == action::TITLE => {
                Self::Title { chat: chat.clone() }
            }
            (None, ..) => match (requested.interaction, &requested.node) {
                (Some(step), _) => Self::Interaction(step),
                (None, Some(step)) => Self::Node(Box::new(step.clone())),
                (None, None) => Self::Requested,
            },
        }
    }

    /// The request of a run for this purpose. The chat of its event is [`chat`](Self::chat).
    pub fn request(
        &self,
        action: ActionName,
        entity: EntityId,
        deadline: Timestamp,
    ) -> ActionRequested {
        let question = self.question();
        let thinking = match self {
            Self::Decide => Some(ThinkTask::Decide),
            Self::Summarise => Some(ThinkTask::Summarise),
            _ => None,
        };
        let ability = match self {
            Self::Ability { name, .. } => Some(name.clone()),
            _ => None,
        };
        let interaction = match self {
            Self::Interaction(step) => Some(*step),
            _ => None,
        };
        let node = match self {
            Self::Node(step) => Some(step.as_ref().clone()),
            _ => None,
        };
        let caller_node = match self {
            Self::Ability {
                caller: Some(Caller::Node { step, .. }),
                ..
            } => Some(step.as_ref().clone()),
            _ => None,
        };
        ActionRequested {
            action,
            entity,
            arguments: None,
            message: question.map(|question| question.message),
            turn: question.map(|question| question.turn),
            call: self.call().map(ToOwned::to_owned),
            ability,
            caller: self.caller().cloned(),
            caller_node,
            depth: 0,
            thinking,
            interaction,
            node,
            deadline,
            purpose: Some(self.kind()),
            concurrent: false,
            queued: false,
        }
    }

    /// Its kind.
    pub const fn kind(&self) -> PurposeKind {
        match self {
            Self::Answer(_) => PurposeKind::Answer,
            Self::ToolCall { .. } => PurposeKind::ToolCall,
            Self::Ability { .. } => PurposeKind::Ability,
            Self::Decide => PurposeKind::Decide,
            Self::Summarise => PurposeKind::Summarise,
            Self::Title { .. } => PurposeKind::Title,
            Self::Interaction(_) => PurposeKind::Interaction,
            Self::Node(_) => PurposeKind::Node,
            Self::Requested => PurposeKind::Requested,
        }
    }

    /// The message on the way to whose answer the run is.
    pub const fn question(&self) -> Option<&Question> {
        match self {
            Self::Answer(question)
            | Self::ToolCall { question, .. }
            | Self::Ability {
                caller: Some(Caller::ToolCall { question, .. }),
                ..
            } => Some(question),
            Self::Ability { .. }
            | Self::Decide
            | Self::Summarise
            | Self::Title { .. }
            | Self::Interaction(_)
            | Self::Node(_)
            | Self::Requested => None,
        }
    }

    /// The chat that the run belongs to.
    pub const fn chat(&self) -> Option<&ChatId> {
        match self {
            Self::Title { chat } => Some(chat),
            _ => match self.question() {
                Some(question) => Some(&question.chat),
                None => None,
            },
        }
    }

    /// The call that the run makes, by its id.
    pub fn call(&self) -> Option<&str> {
        match self {
            Self::ToolCall { call, .. } => Some(call),
            Self::Ability { caller, .. } => caller.as_ref().map(Caller::call),
            _ => None,
        }
    }

    /// The agent that called the ability.
    pub fn caller(&self) -> Option<&EntityId> {
        match self {
            Self::Ability { caller, .. } => caller.as_ref().map(Caller::agent),
            _ => None,
        }
    }
}

fn question(event: &Event, requested: &ActionRequested) -> Option<Question> {
    let message = requested.message?;
    Some(Question {
        chat: event.chat.clone()?,
        message,
        turn: requested.turn.unwrap_or(message),
    })
}

fn caller(question: Option<Question>, requested: &ActionRequested) -> Option<Caller> {
    let (agent, call) = (requested.caller.clone()?, requested.call.clone()?);
    Some(match (question, &requested.caller_node) {
        (Some(question), _) => Caller::ToolCall {
            agent,
            question,
            call,
        },
        (None, Some(step)) => {
            let step = Box::new(step.clone());
            Caller::Node { agent, step, call }
        }
        (None, None) => Caller::Mind { agent, call },
    })
}
