//! Reads the events of a session from the log.

use contract::commit::Position;
use contract::{CloudEvent, SessionId, WorldId};

use super::item::SessionItem;
use super::projector::SessionProjector;
use crate::fanout::Payload;
use crate::problem::Problem;
use crate::state::DoorState;

/// Commits that are read for one page. A session of a busy world may have none of them.
const PAGE_COMMITS_MAX: usize = 2000;

/// Some of the events of a session, oldest first.
pub struct SessionEvents {
    /// What its client gets.
    pub items: Vec<SessionItem>,
    /// Where the next page begins; nothing at the end of the log.
    pub next: Option<Position>,
}

/// Reads what the client of a session gets after a position: of `limit` events, or of fewer with a next page.
///
/// # Errors
/// 503 when the log can't be read.
pub async fn read_session_events(
    state: &DoorState,
    world: &WorldId,
    session: SessionId,
    after: Position,
    limit: usize,
) -> Result<SessionEvents, Problem> {
    let mut projector = SessionProjector::new(session, false);
    let mut items = Vec::new();
    let mut position = after;
    let mut commits = 0;
    loop {
        let read_after = match position.index {
            u32::MAX => position.seq,
            _ => position.seq.saturating_sub(1),
        };
        let page = state.broker.read_commits(world, read_after).await?;
        let mut is_end = true;
        for commit in page {
            let commit = commit?;
            is_end = false;
            commits += 1;
            for (index, event) in (0..).zip(commit.commit.events) {
                let at = Position {
                    seq: commit.seq,
                    index,
                };
                if at <= position || event.correlation != Some(session.0) {
                    continue;
                }
                let event = CloudEvent::new(world, at, commit.commit.at, event);
                items.extend(projector.project(&Payload::Event(Box::new(event))));
                if items.len() >= limit {
                    let next = Some(at);
                    return Ok(SessionEvents { items, next });
                }
            }
            position = Position::end_of(commit.seq);
        }
        if is_end {
            return Ok(SessionEvents { items, next: None });
        }
        if commits >= PAGE_COMMITS_MAX {
            let next = Some(position);
            return Ok(SessionEvents { items, next });
        }
    }
}
