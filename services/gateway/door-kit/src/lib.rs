//! What every door of the gateway needs: principals, limits, problems, idempotency, the fan-out of a
//! world's events, event streams, WebSockets, and the connection to the broker.
//!
//! It depends on HTTP and the bus, but on no door: it has neither routes nor the formats in which a
//! door writes events. Start with [`DoorState`] (what all handlers share), then [`Subscription`] (how one client
//! reads the events of a world).

mod allowed_hosts;
mod api_keys;
mod auth;
mod body;
mod broker;
mod close_reason;
mod connections;
mod event_reader;
mod fanout;
mod idempotency;
mod json;
mod json_check;
mod metrics;
mod page_check;
mod path;
mod permissions;
mod pipeline;
mod presence;
mod principal;
mod problem;
mod query;
mod rate_limit;
mod request_span;
mod session;
mod settings;
mod socket;
mod sse;
mod state;
mod tokens;
mod used_keys;

pub use allowed_hosts::AllowedHosts;
pub use api_keys::{ApiKeys, NewApiKey};
pub use auth::{authenticate, refuse_limited};
pub use body::{JsonBody, is_json, media_type, read_body, unsupported_media_type};
pub use broker::{
    Broker, BrokerConnection, Clock, LogCommit, Offers, QueryRows, Queue, QueueKind, Replica,
    Resource, SampleRange, Samples, StoredDeadLetter, SystemSummary, ViewAt,
};
pub use close_reason::CloseReason;
pub use connections::{ConnectionGuard, Connections};
pub use event_reader::{EventReader, ReadDeadline, ReadEnd};
pub use fanout::{
    Filter, Frame, FrameSlot, Payload, Start, Subscription, SubscriptionEnd, is_readable,
    is_visible_to,
};
pub use idempotency::{IDEMPOTENCY_KEY_LENGTH_MAX, Idempotency, check_idempotency_key};
pub use json::parse_json;
pub use json_check::{InvalidJson, check_json};
pub use metrics::Transport;
pub use page_check::{check_page, refuse_foreign_pages};
pub use path::PathParams;
pub use permissions::{Permissions, Scope, WorldPattern};
pub use pipeline::{Outcome, Pipeline, not_sent};
pub use presence::EntityConnection;
pub use principal::{Principal, PrincipalId};
pub use problem::{PROBLEM_MEDIA_TYPE, Problem};
pub use query::QueryParams;
pub use request_span::{frame_span, record_request};
pub use session::{
    SessionEvents, SessionFrame, SessionItem, SessionProjector, SessionStart, read_session_events,
    session_filter, subscribe_to_session,
};
pub use settings::{Deadlines, FanoutSettings, RateQuota, Settings, SocketLimits};
pub use socket::{Closed, Inbound, Reading, Socket, SocketEvent, UpgradeRequest, accept_upgrade};
pub use sse::{Projection, Projector, SseEvents, SseStream, last_event_id, sse_event};
pub use state::DoorState;
pub use tokens::{TokenKeys, TokenRules, Tokens};
