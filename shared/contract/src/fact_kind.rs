//! The kinds of built-in events.

macro_rules! fact_kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// The kind of a built-in event: its type alone, without its payload.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FactKind {
            $($(#[$doc])* $variant,)*
        }

        impl FactKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name of its type.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The kind whose type has this name; `None` when no built-in event is called so.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

fact_kinds! {
    /// A world began.
    WorldCreated = "world.created";
    /// A world's description changed.
    WorldUpdated = "world.updated";
    /// A world ended: nothing follows in its log.
    WorldDeleted = "world.deleted";
    /// A description that does not fit in one commit is being applied: nothing else happens meanwhile.
    WorldApplyBegun = "world.apply_begun";
    /// All of that description is applied.
    WorldApplyEnded = "world.apply_ended";
    /// A client has changed what the world is made of.
    ConfigurationChanged = "world.configuration_changed";
    /// A type of custom events is checked from now on, or checked in another way.
    EventTypeRegistered = "world.event_type_registered";
    /// An entity came into the world.
    EntityCreated = "entity.created";
    /// An entity is now as given.
    EntityUpdated = "entity.updated";
    /// The state of an entity changed, or who holds it, or where it is.
    EntityChanged = "entity.changed";
    /// An entity left the world.
    EntityRemoved = "entity.removed";
    /// Entities have a connection through a gateway.
    EntitiesConnected = "entity.connected";
    /// Entities have no connection through a gateway any more.
    EntitiesDisconnected = "entity.disconnected";
    /// Entities are not present any more: their links end.
    PresenceEnded = "entity.presence_ended";
    /// A chat began.
    ChatCreated = "chat.created";
    /// A chat is now as given.
    ChatUpdated = "chat.updated";
    /// A chat is now the one that people see first.
    ChatOpened = "chat.opened";
    /// A chat ended.
    ChatDeleted = "chat.deleted";
    /// All answers of a chat that had not ended were cancelled.
    ChatStopped = "chat.stopped";
    /// All answers to a message have ended, or there were none.
    TurnEnded = "chat.turn_ended";
    /// A message was posted in a chat.
    MessagePosted = "message.posted";
    /// A message, and all that followed it in its chat, was taken back.
    MessageRemoved = "message.removed";
    /// An agent forgot all messages before.
    AgentForgot = "agent.forgot";
    /// An agent with a mind has thought about what to do.
    AgentThought = "agent.thought";
    /// An agent remembers from now on in short what it remembered word for word.
    AgentSummarised = "agent.summarised";
    /// A run of an action is requested. The event's id is the run's.
    ActionRequested = "action.requested";
    /// A run that was queued begins: its deadline counts from here.
    ActionStarted = "action.started";
    /// A run of an action succeeded.
    ActionCompleted = "action.completed";
    /// A run of an action failed, for good.
    ActionFailed = "action.failed";
    /// A run of an action was cancelled.
    ActionCancelled = "action.cancelled";
    /// A custom action that a worker has registered is declared in the world from now on.
    ActionDeclared = "action.declared";
    /// A call of a tool waits for a person. The event's id is the approval's.
    ApprovalRequested = "approval.requested";
    /// A person has decided about a call, or nobody is waited for any more.
    ApprovalEnded = "approval.ended";
    /// An entity requests something of others. The event's id is the interaction's.
    InteractionRequested = "interaction.requested";
    /// A target has accepted a request: it does it now.
    InteractionAccepted = "interaction.accepted";
    /// A target has done some of the steps of a request.
    InteractionProgressed = "interaction.progressed";
    /// A request has ended for one of its targets.
    InteractionEnded = "interaction.ended";
    /// A target could not do a request that it had accepted: the request waits again.
    InteractionReturned = "interaction.returned";
    /// An entity shows how a request of its own has ended.
    InteractionShown = "interaction.shown";
    /// The behaviour of an entity is now as given.
    BehaviourSet = "behaviour.set";
    /// An entity has no behaviour any more.
    BehaviourRemoved = "behaviour.removed";
    /// A machine makes no transitions for now.
    BehaviourPaused = "behaviour.paused";
    /// A machine makes transitions again.
    BehaviourResumed = "behaviour.resumed";
    /// A machine has made a transition.
    BehaviourTransitioned = "behaviour.transitioned";
    /// A machine has begun an action, and waits for its end.
    BehaviourWaiting = "behaviour.waiting";
    /// A time has passed for which a machine has waited.
    BehaviourDelayEnded = "behaviour.delay_ended";
    /// Machines go on with the next commit.
    BehaviourDeferred = "behaviour.deferred";
    /// An action has changed what an entity knows of others.
    BehaviourChanged = "behaviour.changed";
    /// An entity has got a badge.
    BadgeAwarded = "badge.awarded";
    /// The processor of an entity has learned.
    ProcessorLearned = "processor.learned";
    /// A stream is now as given.
    StreamDeclared = "stream.declared";
    /// A stream ended, and its samples with it.
    StreamRemoved = "stream.removed";
    /// Samples were appended to a stream.
    StreamAppended = "stream.appended";
    /// A flow is now as given.
    FlowDeclared = "flow.declared";
    /// A flow is not there any more. Its open sessions go on.
    FlowRemoved = "flow.removed";
    /// A client or a node has sent an event in a session.
    FlowEvent = "flow.event";
    /// An event of a session has left a node at which it was queued.
    FlowPassed = "flow.passed";
    /// A session began. The event's id is the session's.
    SessionStarted = "session.started";
    /// What is known of a session has changed.
    SessionChanged = "session.changed";
    /// A session was interrupted: what was answered is not answered any more.
    SessionInterrupted = "session.interrupted";
    /// A session ended.
    SessionEnded = "session.ended";
    /// A timer will fire.
    TimerSet = "timer.set";
    /// A timer fired.
    TimerFired = "timer.fired";
    /// A timer was cancelled.
    TimerCancelled = "timer.cancelled";
}

/// What the dispatcher does for an event, beside storing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A run of an action goes to the work queue.
    DispatchRun,
    /// The cancellation of a run is published to the workers.
    CancelRun,
}

impl FactKind {
    /// The work that an event of this kind requests, if any.
    pub const fn work(self) -> Option<Work> {
        // A new kind does not compile until it is decided here whether it requests work.
        match self {
            Self::ActionRequested | Self::ActionStarted => Some(Work::DispatchRun),
            Self::ActionCancelled => Some(Work::CancelRun),
            Self::WorldCreated
            | Self::WorldUpdated
            | Self::WorldDeleted
            | Self::WorldApplyBegun
            | Self::WorldApplyEnded
            | Self::ConfigurationChanged
            | Self::EventTypeRegistered
            | Self::EntityCreated
            | Self::EntityUpdated
            | Self::EntityChanged
            | Self::EntityRemoved
            | Self::EntitiesConnected
            | Self::EntitiesDisconnected
            | Self::PresenceEnded
            | Self::ChatCreated
            | Self::ChatUpdated
            | Self::ChatOpened
            | Self::ChatDeleted
            | Self::ChatStopped
            | Self::TurnEnded
            | Self::MessagePosted
            | Self::MessageRemoved
            | Self::AgentForgot
            | Self::AgentThought
            | Self::AgentSummarised
            | Self::ActionCompleted
            | Self::ActionFailed
            | Self::ActionDeclared
            | Self::ApprovalRequested
            | Self::ApprovalEnded
            | Self::InteractionRequested
            | Self::InteractionAccepted
            | Self::InteractionProgressed
            | Self::InteractionEnded
            | Self::InteractionReturned
            | Self::InteractionShown
            | Self::BehaviourSet
            | Self::BehaviourRemoved
            | Self::BehaviourPaused
            | Self::BehaviourResumed
            | Self::BehaviourTransitioned
            | Self::BehaviourWaiting
            | Self::BehaviourDelayEnded
            | Self::BehaviourDeferred
            | Self::BehaviourChanged
            | Self::BadgeAwarded
            | Self::ProcessorLearned
            | Self::StreamDeclared
            | Self::StreamRemoved
            | Self::StreamAppended
            | Self::FlowDeclared
            | Self::FlowRemoved
            | Self::FlowEvent
            | Self::FlowPassed
            | Self::SessionStarted
            | Self::SessionChanged
            | Self::SessionInterrupted
            | Self::SessionEnded
            | Self::TimerSet
            | Self::TimerFired
            | Self::TimerCancelled => None,
        }
    }
}
