//! What waits in an actor's mailbox, and what it is told.

use bus::{IncomingRequest, ReplyHandle};
use contract::view::EncodedView;
use contract::{
    Command, CommandId, CommandRequest, EntityId, Rejection, RejectionCode, Reply, Request,
};
use tracing::{Span, info_span};

use rules::{self, World};

/// A request, and where its answer goes.
pub(crate) struct Item {
    pub(super) request: Box<Request>,
    answer: Option<ReplyHandle<Reply>>,
    /// From its arrival to its answer, in the trace of whoever asked.
    _span: Option<Span>,
}

impl Item {
    pub(super) fn wake() -> Self {
        let command = CommandRequest {
            id: CommandId::new(),
            sender: EntityId::world(),
            command: Command::Wake,
            trace: None,
        };
        Self {
            request: Box::new(Request::Command(command)),
            answer: None,
            _span: None,
        }
    }

    /// Whether it only wakes the world.
    pub(super) fn is_wake(&self) -> bool {
        matches!(&*self.request, Request::Command(command) if matches!(command.command, Command::Wake))
    }

    /// Whether nobody waits for it but the actor itself.
    pub(super) fn is_own_wake(&self) -> bool {
        self.answer.is_none()
    }

    pub(crate) async fn reply(self, reply: &Reply) {
        if let Some(answer) = self.answer {
            answer.send(reply).await;
        }
    }
}

impl From<IncomingRequest> for Item {
    fn from(incoming: IncomingRequest) -> Self {
        let span = incoming.traceparent.as_deref().map(|traceparent| {
            let span =
                info_span!("world.request", world.id = %incoming.world, otel.kind = "server");
            bus::trace::continue_from(&span, Some(traceparent));
            span
        });
        Self {
            request: incoming.request,
            answer: Some(incoming.reply),
            _span: span,
        }
    }
}

pub(super) fn query(world: &World, request: &Request) -> Reply {
    match request {
        Request::Context { invocation } => match rules::context(world, *invocation) {
            Ok(context) => Reply::Context(Box::new(context)),
            Err(rejection) => Reply::Rejected(rejection),
        },
        Request::Offers { agent } => match rules::available_abilities(world, agent) {
            Ok((offers, entities)) => Reply::Offers { offers, entities },
            Err(rejection) => Reply::Rejected(rejection),
        },
        Request::Mind { agent } => match rules::mind_view(world, agent) {
            Ok(mind) => Reply::Mind(Box::new(mind)),
            Err(rejection) => Reply::Rejected(rejection),
        },
        Request::State { at: Some(at), .. } if *at > world.seq => Reply::Rejected(Rejection {
            code: RejectionCode::InFuture,
            detail: format!("the log of {} ends at {}", world.id, world.seq),
            field: Some("at".to_owned()),
            cause: None,
        }),
        Request::State { .. } if world.seq == 0 => Reply::Rejected(Rejection {
            code: RejectionCode::UnknownWorld,
            detail: format!("there is no world {}", world.id),
            field: None,
            cause: None,
        }),
        Request::State { view, .. } => {
            match EncodedView::new(world.seq, &rules::view(world, view)) {
                Ok(view) => Reply::View(view),
                Err(error) => Reply::Unavailable {
                    reason: error.to_string(),
                },
            }
        }
        Request::Command(_) => Reply::Unavailable {
            reason: "a command is no question".to_owned(),
        },
    }
}
