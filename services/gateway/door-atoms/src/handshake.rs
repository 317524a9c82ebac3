//! How a session begins: the client's first frame is `system.init`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contract::flow::NewFlowEvent;
use contract::flow::atoms::{ErrorSeverity, INIT};
use contract::{Command, EntityId, FlowId, WorldId};
use door_kit::{
    CloseReason, Closed, DoorState, Inbound, Principal, Problem, Reading, Socket, Subscription,
    session_filter,
};
use tokio::time::{Instant, sleep_until};

use crate::decode::{InvalidFrame, decode};
use crate::error_frame::{Subject, encode_invalid, encode_problem};
use crate::event_sender::ClientSession;

/// The largest frame of a client, as with Atoms.
pub(crate) const FRAME_BYTES_MAX: usize = 1 << 20;
/// A client has this long to send its first frame, as with Atoms.
const FIRST_FRAME_WITHIN: Duration = Duration::from_secs(10);

/// What a client is before its session has begun.
pub(crate) struct NewClient {
    pub(crate) doors: Arc<DoorState>,
    pub(crate) world: WorldId,
    pub(crate) flow: FlowId,
    pub(crate) principal: Principal,
    pub(crate) entity: EntityId,
}

/// A session that has begun, with all that happens in it.
pub(crate) struct Begun {
    pub(crate) session: ClientSession,
    pub(crate) subscription: Subscription,
}

impl NewClient {
    /// Begins the session with the first frame of the client.
    ///
    /// # Errors
    /// [`Closed`] when it can't begin; the client has got a fatal `agent.error` then, if it has sent a frame.
    pub(crate) async fn begin(self, socket: &mut Socket) -> Result<Begun, Closed> {
        let frame = first_frame(socket).await?;
        let init = match decode_init(&frame) {
            Ok(init) => init,
            Err(invalid) => {
                let error = encode_invalid(ErrorSeverity::Fatal, &invalid);
                socket.send_binary(vec![error]).await?;
                return Err(Closed::ByGateway(CloseReason::InvalidFirstFrame));
            }
        };
        let subject = Subject {
            event_type: Some(init.event_type.clone()),
            event_id: init.id.clone(),
        };
        match self.start(init).await {
            Ok(begun) => Ok(begun),
            Err(problem) => {
                let error = encode_problem(ErrorSeverity::Fatal, &problem, &subject);
                socket.send_binary(vec![error]).await?;
                Err(Closed::ByGateway(close_reason(&problem)))
            }
        }
    }

    async fn start(self, init: NewFlowEvent) -> Result<Begun, Problem> {
        let id = self.doors.clock.new_command_id();
        let session = id.event(0).session();
        // Subscribe before it begins: its first event is the client's first frame.
        let filter = session_filter(session, true);
        let subscription = self.doors.subscribe(&self.world, filter).await?;
        let command = Command::StartSession {
            flow: self.flow,
            variables: BTreeMap::new(),
            init: Some(init.data),
        };
        let sent = (self.entity.clone(), command);
        let started = self
            .doors
            .send_command(&self.principal, &self.world, id, sent);
        started.await?;
        Ok(Begun {
            session: ClientSession {
                world: self.world,
                principal: self.principal.clone(),
                entity: self.entity,
                id: session,
            },
            subscription,
        })
    }
}

async fn first_frame(socket: &mut Socket) -> Result<Bytes, Closed> {
    let until = Instant::now() + FIRST_FRAME_WITHIN;
    loop {
        let event = tokio::select! {
            event = socket.next_event(Reading::Active) => event?,
            () = sleep_until(until) => {
                return Err(Closed::ByGateway(CloseReason::NoFirstFrame));
            }
        };
        if let Some(inbound) = socket.handle(event).await? {
            return frame_bytes(inbound);
        }
    }
}

/// The bytes of a frame: Atoms sends binary ones, and either is understood.
///
/// # Errors
/// [`Closed`] when there are too many.
pub(crate) fn frame_bytes(inbound: Inbound) -> Result<Bytes, Closed> {
    let bytes = match inbound {
        Inbound::Text(text) => Bytes::from(text),
        Inbound::Binary(bytes) => bytes,
    };
    match bytes.len() <= FRAME_BYTES_MAX {
        true => Ok(bytes),
        false => Err(Closed::ByGateway(CloseReason::TooLarge)),
    }
}

fn decode_init(frame: &[u8]) -> Result<NewFlowEvent, InvalidFrame> {
    let event = decode(frame)?;
    if event.event_type == INIT {
        return Ok(event);
    }
    Err(InvalidFrame {
        code: "init_expected",
        message: format!("the first frame is {INIT}, not {}", event.event_type),
        field: Some("type".into()),
        event_type: Some(event.event_type),
        event_id: event.id,
    })
}

fn close_reason(problem: &Problem) -> CloseReason {
    match problem.status.is_client_error() {
        true if problem.is_invalid() => CloseReason::InvalidFirstFrame,
        true => CloseReason::Refused,
        false => CloseReason::ServerError,
    }
}
