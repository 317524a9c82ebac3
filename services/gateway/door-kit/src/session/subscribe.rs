//! The subscription of the client of a session.

use contract::commit::Position;
use contract::flow::SessionView;
use contract::view::GetSession;
use contract::{Rejection, RejectionCode, Seq, SessionId, WorldId};

use super::item::SessionItem;
use super::log::read_session_events;
use crate::broker::ViewAt;
use crate::fanout::{Filter, Subscription};
use crate::problem::Problem;
use crate::state::DoorState;

/// Items of one page, when the end of a session is looked for.
const PAGE_ITEMS: usize = 1000;

/// Where a client begins to read a session that exists.
pub struct SessionStart {
    /// Its events, from there on.
    pub subscription: Subscription,
    /// What it is; nothing when it has ended.
    pub open: Option<SessionView>,
}

/// The events and chunks of one session.
pub fn session_filter(session: SessionId, live: bool) -> Filter {
    Filter {
        session: Some(session),
        live,
        ..Filter::default()
    }
}

/// Subscribes to a session after a position that the client sent, or from now on. Of one that has ended, what
/// is after the position can still be read, up to its end.
///
/// # Errors
/// 404 when there is no such session, or nothing of it after the position; 503 when the world does not answer.
pub async fn subscribe_to_session(
    state: &DoorState,
    world: &WorldId,
    session: SessionId,
    after: Option<Position>,
    live: bool,
) -> Result<SessionStart, Problem> {
    // Subscribe before the state is read: an end in between is not missed.
    let filter = session_filter(session, live);
    let subscription = state.subscribe_after(world, filter, after).await?;
    let ViewAt { seq, view: open } = state.broker.view(world, GetSession { id: session }).await?;
    if open.is_none() && !ends_after(state, world, session, after, seq).await? {
        return Err(unknown_session(session));
    }
    Ok(SessionStart { subscription, open })
}

/// Whether the end of a session is after the position.
async fn ends_after(
    state: &DoorState,
    world: &WorldId,
    session: SessionId,
    after: Option<Position>,
    until: Seq,
) -> Result<bool, Problem> {
    let mut next = after;
    while let Some(position) = next.filter(|next| next.seq <= until) {
        let page = read_session_events(state, world, session, position, PAGE_ITEMS).await?;
        let mut items = page.items.iter();
        if items.any(|item| matches!(item, SessionItem::Ended { .. })) {
            return Ok(true);
        }
        next = page.next;
    }
    Ok(false)
}

fn unknown_session(session: SessionId) -> Problem {
    let detail = format!("the session {session} has ended, or never was");
    let field = Some("session".to_owned());
    Rejection::new(RejectionCode::UnknownSession, detail, field).into()
}
