//! Sends the events of one client to its session, in their order.

use std::sync::Arc;

use bytes::Bytes;
use contract::flow::NewFlowEvent;
use contract::flow::atoms::ErrorSeverity;
use contract::{Command, CommandId, EntityId, SessionId, WorldId};
use door_kit::{DoorState, Principal};
use futures::FutureExt as _;
use futures::future::{BoxFuture, pending};
use tracing::{Instrument as _, info_span};

use crate::error_frame::{Subject, encode_problem};

/// Whose session it is.
#[derive(Clone)]
pub(crate) struct ClientSession {
    pub(crate) world: WorldId,
    pub(crate) principal: Principal,
    pub(crate) entity: EntityId,
    pub(crate) id: SessionId,
}

/// Sends the events of one client, one after the other: the next one waits until the world has stored the one
/// before it.
pub(crate) struct EventSender {
    doors: Arc<DoorState>,
    session: ClientSession,
    /// The event that is sent: it ends with an error frame when it was not taken.
    under_way: Option<BoxFuture<'static, Option<Bytes>>>,
}

impl EventSender {
    pub(crate) fn new(doors: Arc<DoorState>, session: ClientSession) -> Self {
        Self {
            doors,
            session,
            under_way: None,
        }
    }

    /// Whether the client's next frame must wait unread.
    pub(crate) fn is_full(&self) -> bool {
        self.under_way.is_some()
    }

    /// Sends an event. Not before the one before it has come back from [`Self::next`].
    pub(crate) fn push(&mut self, event: NewFlowEvent) {
        let doors = Arc::clone(&self.doors);
        let session = self.session.clone();
        let span = info_span!("frame", otel.kind = "server", world.id = %session.world);
        let sending = async move {
            let subject = Subject {
                event_type: Some(event.event_type.clone()),
                event_id: event.id.clone(),
            };
            let command = Command::SendSessionEvents {
                session: session.id,
                events: vec![event],
            };
            let sent = (session.entity, command);
            let id = CommandId::new();
            let sent = doors.send_command(&session.principal, &session.world, id, sent);
            let problem = sent.await.err()?;
            Some(encode_problem(ErrorSeverity::Warning, &problem, &subject))
        };
        self.under_way = Some(sending.instrument(span).boxed());
    }

    /// What became of the event that was pushed: an error frame if it was not taken. Waits for ever when there
    /// is none. A caller may stop waiting at any time.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        let Some(under_way) = &mut self.under_way else {
            return pending().await;
        };
        let error = under_way.await;
        self.under_way = None;
        error
    }

    /// Waits until what was read from the client is stored.
    pub(crate) async fn finish(self) {
        if let Some(under_way) = self.under_way {
            under_way.await;
        }
    }
}
