//! Answers the requests that only read a world.

use contract::view::EncodedView;
use contract::{Rejection, RejectionCode, Reply, Request};

use rules::{self, World};

pub(super) fn query(world: &World, request: &Request) -> Reply {
    match request {
        Request::Context { run } => match rules::context(world, *run) {
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
            reason: "a command is not a query".to_owned(),
        },
    }
}
