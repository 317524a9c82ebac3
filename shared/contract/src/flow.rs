//! Flows and sessions: graphs of nodes over the agents of a world, and clients' conversations with them.
//!
//! [`FlowSpec`] describes a graph. An event of a session is a [`FlowEvent`] in the log, and a [`FlowFrame`]
//! wherever it is given to somebody. What Atoms' own types of events hold is in [`atoms`].

pub mod atoms;
mod fact;
mod frame;
mod outcome;
mod route;
mod router;
mod run;
mod spec;
mod type_filter;
mod view;

pub use fact::{
    FlowDeclared, FlowEvent, FlowPassed, FlowRemoved, NodeWait, SessionChanged, SessionEnded,
    SessionInterrupted, SessionStarted,
};
pub use frame::{FlowFrame, NewFlowEvent};
pub use outcome::INTERACTION_OUTCOME;
pub use route::{CopyKind, JoinArrivals, QueuedCopy, Route};
pub use router::{RouterCondition, RouterRoute, RouterSpec, RouterState, RouterTransition};
pub use run::{NodeCall, NodeContext, NodeOutput, NodeStep, ToolInterrupt, TranscriptMessage};
pub use spec::{FlowSpec, Join, NodeSpec, OnBusy, OnEndCall, SessionPolicy};
pub use type_filter::TypeFilter;
pub use view::{FlowPage, FlowView, SessionPage, SessionStatus, SessionView};
