//! One open connection: what leaves the flow goes one way, the frames of the client the other.

use std::sync::Arc;

use bytes::Bytes;
use contract::flow::atoms::{ErrorSeverity, INIT, READY, empty, known_type};
use contract::{FlowId, Position, Rejection, RejectionCode};
use door_kit::{
    CloseReason, Closed, DoorState, Frame, Inbound, Payload, Problem, Reading, Scope, SessionItem,
    SessionProjector, Socket, Subscription,
};
use serde_json::json;

use crate::decode::decode;
use crate::encode::{encode_event, encode_own};
use crate::error_frame::{Subject, encode_invalid, encode_problem};
use crate::event_sender::{ClientSession, EventSender};
use crate::handshake::{Begun, NewClient, frame_bytes};

/// Frames that are joined before the connection looks at anything else.
const BATCH_FRAMES_MAX: usize = 256;
/// Bytes of such frames: what a client that does not read costs is this and the buffer of its socket.
const BATCH_BYTES_MAX: usize = 256 << 10;
/// The largest frame that becomes a command: with more, the message might be larger than the broker takes, and
/// nothing behind it would be sent. The world takes less.
const EVENT_BYTES_MAX: usize = 512 << 10;

/// Which events a client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Types {
    /// All that leave the flow.
    #[default]
    All,
    /// Those that Atoms defines: its own client knows no others.
    Known,
}

/// A session that a client goes on with.
pub(crate) struct Resumed {
    pub(crate) session: ClientSession,
    pub(crate) subscription: Subscription,
    /// Its flow, if the session is open.
    pub(crate) flow: Option<FlowId>,
}

/// Runs the connection of a client that begins a session, until it is closed.
pub(crate) async fn run_new(mut socket: Socket, client: NewClient, types: Types) {
    let doors = Arc::clone(&client.doors);
    let closed = match client.begin(&mut socket).await {
        Ok(Begun {
            session,
            subscription,
        }) => {
            let connection = ClientConnection {
                projector: SessionProjector::new(session.id, false),
                socket,
                subscription,
                sender: EventSender::new(Arc::clone(&doors), session.clone()),
                session,
                delivered: Position::default(),
                doors,
                types,
                resumed: false,
                is_ready: false,
                awaits_init: false,
            };
            return connection.run().await;
        }
        Err(closed) => closed,
    };
    socket.close(with_code(closed)).await;
}

/// Runs the connection of a client that goes on with a session, until it is closed.
pub(crate) async fn run_resumed(
    mut socket: Socket,
    doors: Arc<DoorState>,
    resumed: Resumed,
    types: Types,
) {
    let Resumed {
        session,
        subscription,
        flow,
    } = resumed;
    let start = subscription.start();
    let ready = json!({
        "session": session.id, "flow": flow, "resumed": true, "complete": start.complete,
        "position": start.position.to_string(),
    });
    let ready = ready.as_object().cloned().unwrap_or_default();
    let ready = encode_own(READY, ready, &empty());
    if let Err(closed) = socket.send_binary(vec![ready]).await {
        return socket.close(with_code(closed)).await;
    }
    let connection = ClientConnection {
        projector: SessionProjector::new(session.id, true),
        socket,
        subscription,
        sender: EventSender::new(Arc::clone(&doors), session.clone()),
        session,
        delivered: start.position,
        doors,
        types,
        resumed: true,
        is_ready: true,
        awaits_init: true,
    };
    connection.run().await;
}

/// One open connection.
struct ClientConnection {
    doors: Arc<DoorState>,
    socket: Socket,
    subscription: Subscription,
    projector: SessionProjector,
    session: ClientSession,
    sender: EventSender,
    /// The last event of which the client has got what it gets.
    delivered: Position,
    types: Types,
    /// The client goes on with a session, and has got `agent.ready` by that.
    resumed: bool,
    /// The client has got a frame: nothing is before `agent.ready`, errors of its next frames included.
    is_ready: bool,
    /// The client may send `system.init` as its first frame, though the session has begun.
    awaits_init: bool,
}

impl ClientConnection {
    /// Runs until the connection is closed. What was read from the client until then is still sent.
    async fn run(mut self) {
        let closed = loop {
            if let Err(closed) = self.step().await {
                break closed;
            }
        };
        self.socket.close(with_code(closed)).await;
        self.sender.finish().await;
    }

    async fn step(&mut self) -> Result<(), Closed> {
        let reading = match self.is_ready && !self.sender.is_full() {
            true => Reading::Active,
            false => Reading::Paused,
        };
        tokio::select! {
            frame = self.subscription.next() => {
                let frame = frame?;
                self.deliver(&frame).await
            }
            () = self.sender.settle_next() => {
                let errors = self.sender.take_errors(self.delivered);
                self.socket.send_binary(errors).await
            }
            event = self.socket.next_event(reading) => match self.socket.handle(event?).await? {
                Some(inbound) => self.receive(inbound),
                None => Ok(()),
            },
        }
    }

    /// Sends what the client gets of an event, and of those that are there already, in one write.
    async fn deliver(&mut self, first: &Frame) -> Result<(), Closed> {
        let mut frames = Vec::new();
        let mut has_ended = self.encode(first, &mut frames);
        while !has_ended
            && frames.len() < BATCH_FRAMES_MAX
            && frames.iter().map(Bytes::len).sum::<usize>() < BATCH_BYTES_MAX
            && let Some(frame) = self.subscription.try_next()
        {
            has_ended = self.encode(&frame, &mut frames);
        }
        self.is_ready |= !frames.is_empty();
        frames.extend(self.sender.take_errors(self.delivered));
        self.socket.send_binary(frames).await?;
        match has_ended {
            true => Err(Closed::ByGateway(CloseReason::Ended)),
            false => Ok(()),
        }
    }

    /// Adds what the client gets of an event. Whether the session has ended.
    fn encode(&mut self, frame: &Frame, frames: &mut Vec<Bytes>) -> bool {
        if let Payload::Event(event) = &frame.payload {
            self.delivered = event.sequence;
        }
        for item in self.projector.project(&frame.payload) {
            let event = match item {
                SessionItem::Frame(event) => event,
                SessionItem::Ended { .. } => return true,
            };
            let event_type = event.frame.event_type.as_str();
            let is_known = self.types == Types::All || known_type(event_type).is_some();
            // A client that resumes has got it as its first frame.
            let is_repeated = self.resumed && event_type == READY;
            if is_known && !is_repeated {
                frames.push(encode_event(&event));
            }
        }
        false
    }

    /// Sends a frame of the client to its session.
    fn receive(&mut self, inbound: Inbound) -> Result<(), Closed> {
        let frame = frame_bytes(inbound)?;
        let awaits_init = std::mem::take(&mut self.awaits_init);
        match (decode(&frame), self.check(&frame)) {
            (Ok(event), Ok(())) if awaits_init && event.event_type == INIT => {}
            (Ok(event), Ok(())) => self.sender.push(event, frame.len()),
            (Err(invalid), _) => {
                let error = encode_invalid(ErrorSeverity::Warning, &invalid);
                self.sender.push_error(error);
            }
            (Ok(event), Err(problem)) => {
                let subject = Subject {
                    event_type: Some(event.event_type),
                    event_id: event.id,
                };
                let error = encode_problem(ErrorSeverity::Warning, &problem, &subject);
                self.sender.push_error(error);
            }
        }
        Ok(())
    }

    /// Checks that the client may send the frame, now.
    fn check(&self, frame: &Bytes) -> Result<(), Problem> {
        let ClientSession {
            world,
            principal,
            entity,
            ..
        } = &self.session;
        self.doors.require_scope(principal, world, Scope::Send)?;
        self.doors.check_sender(principal, entity)?;
        if frame.len() > EVENT_BYTES_MAX {
            let detail = format!("an event has at most {EVENT_BYTES_MAX} bytes");
            let field = Some("data".to_owned());
            return Err(Rejection::new(RejectionCode::TooLarge, detail, field).into());
        }
        Ok(())
    }
}

/// Clients of Atoms know the code of a restart, and not that of our other doors.
fn with_code(closed: Closed) -> Closed {
    match closed {
        Closed::ByGateway(CloseReason::Shutdown) => Closed::ByGateway(CloseReason::Restart),
        closed => closed,
    }
}
