use bus::{BatchPosition, IncomingRequest, ReplyHandle};
use contract::{Command, CommandId, CommandRequest, EntityId, Reply, Request, subject};
use service_kit::spans;
use tracing::Span;

use super::recall::Recall;

/// A request that is not answered yet.
pub(crate) struct PendingRequest {
    pub(super) request: Box<Request>,
    origin: Origin,
    recall: Option<Box<Recall>>,
}

/// Who waits for the reply.
enum Origin {
    Client {
        reply: ReplyHandle<Reply>,
        position: Option<BatchPosition>,
        /// From the arrival of the request to its reply, in the trace of its sender.
        _span: Option<Span>,
    },
    /// The actor itself.
    Actor,
}

impl PendingRequest {
    /// The actor's own request to do what is due.
    pub(super) fn own_fire_due() -> Self {
        let command = CommandRequest {
            id: CommandId::new(),
            sender: EntityId::world(),
            command: Command::FireDue,
            trace: None,
            run: None,
            principal: None,
        };
        Self {
            request: Box::new(Request::Command(command)),
            origin: Origin::Actor,
            recall: None,
        }
    }

    /// What the archive has of the message that it needs, if that was read.
    pub(super) fn recall(&self) -> Option<&Recall> {
        self.recall.as_deref()
    }

    pub(super) fn take_recall(&mut self) -> Option<Recall> {
        self.recall.take().map(|recall| *recall)
    }

    pub(super) fn set_recall(&mut self, recall: Recall) {
        self.recall = Some(Box::new(recall));
    }

    /// Whether it requests to do what is due.
    pub(super) fn is_fire_due(&self) -> bool {
        matches!(&*self.request, Request::Command(command) if matches!(command.command, Command::FireDue))
    }

    /// Whether it deletes the world.
    pub(super) fn deletes_world(&self) -> bool {
        matches!(&*self.request, Request::Command(command) if matches!(command.command, Command::DeleteWorld))
    }

    /// Whether it begins a world where there is none.
    pub(super) fn begins_world(&self) -> bool {
        matches!(&*self.request, Request::Command(command)
        if matches!(
            command.command,
            Command::CreateWorld(_) | Command::ApplyWorld(_) | Command::ApplyStoredWorld { .. }
        ))
    }

    /// Whether the actor itself sent it.
    pub(super) fn is_own(&self) -> bool {
        matches!(self.origin, Origin::Actor)
    }

    /// Where it is in its ordered batch, if it is a command of one.
    pub(super) fn position(&self) -> Option<&BatchPosition> {
        match &self.origin {
            Origin::Client { position, .. } => position.as_ref(),
            Origin::Actor => None,
        }
    }

    pub(crate) async fn reply(self, reply: &Reply) {
        if let Origin::Client { reply: handle, .. } = self.origin {
            handle.send(reply).await;
        }
    }
}

impl From<IncomingRequest> for PendingRequest {
    fn from(incoming: IncomingRequest) -> Self {
        let span = incoming.traceparent.as_deref().map(|traceparent| {
            let span = spans::request(subject::COMMAND_TEMPLATE);
            span.record("world.id", incoming.world.as_str());
            bus::trace::continue_from(&span, Some(traceparent));
            span
        });
        Self {
            request: incoming.request,
            origin: Origin::Client {
                reply: incoming.reply,
                position: incoming.position,
                _span: span,
            },
            recall: None,
        }
    }
}
