//! Sessions: rows that follow how they begin and end, lists, and the events of one.

use contract::Event;
use contract::flow::{SessionStatus, SessionView};
use contract::query::{EventsQuery, SessionRow, SessionsQuery};
use contract::{Position, Seq, SessionId, WorldId};
use serde_json::json;

use crate::support::{Harness, custom, events_of};

fn sessions_of(world: &WorldId, wait_for: Seq) -> SessionsQuery {
    SessionsQuery {
        world: world.clone(),
        id: None,
        flow: None,
        entity: None,
        status: None,
        after: Position::default(),
        limit: 1000,
        wait_for: Some(wait_for),
    }
}

/// The beginning of a session: its id is that of the event.
fn started(flow: &str, entity: &str) -> (SessionId, Event) {
    let data = json!({"flow": flow, "revision": 0, "entity": entity, "idle_seconds": 600,
        "variables": {"vip": true}});
    let mut event = custom("world", None, "session.started", &data.to_string());
    event.correlation = Some(event.id.0);
    (SessionId(event.id.0), event)
}

fn ended(id: SessionId, flow: &str) -> Event {
    let data = json!({"session": id, "flow": flow, "revision": 0, "reason": "client", "epoch": 2,
        "variables": {"vip": false}});
    let mut event = custom("world", None, "session.ended", &data.to_string());
    event.correlation = Some(id.0);
    event
}

fn sent(id: SessionId) -> Event {
    let data = json!({"session": id, "type": "myapp.x", "data": {}});
    let mut event = custom("ann", None, "flow.event", &data.to_string());
    event.correlation = Some(id.0);
    event
}

impl Harness {
    async fn sessions(&self, query: SessionsQuery) -> Vec<SessionView> {
        let (rows, _) = self.query(query).await;
        rows.into_iter()
            .map(|row: SessionRow| row.session)
            .collect()
    }
}

fn ids(sessions: &[SessionView]) -> Vec<SessionId> {
    sessions.iter().map(|session| session.id).collect()
}

/// Two sessions, of which the first has ended: the second, and the last commit.
async fn two_sessions(harness: &Harness) -> (WorldId, [SessionId; 2], Seq) {
    let (world, _) = harness.create("lobby").await;
    let (one, began_one) = started("desk", "ann");
    let (other, began_other) = started("night", "bea");
    harness.append(&world, vec![began_one, sent(one)]).await;
    harness.append(&world, vec![sent(one), began_other]).await;
    let seq = harness.append(&world, vec![sent(other)]).await;
    let open = harness.sessions(sessions_of(&world, seq)).await;
    assert_eq!(ids(&open), [one, other]);
    let is_open = |session: &SessionView| session.status == SessionStatus::Open;
    assert!(open.iter().all(is_open));
    assert_eq!(open[0].variables["vip"], json!(true));
    let seq = harness.append(&world, vec![ended(one, "desk")]).await;
    (world, [one, other], seq)
}

pub(crate) async fn a_session_is_a_row_from_its_beginning_to_its_end(harness: Harness) {
    let replica = harness.start_replica().await;
    let (world, [one, other], seq) = two_sessions(&harness).await;
    let first = SessionsQuery {
        limit: 1,
        ..sessions_of(&world, seq)
    };
    let (rows, more) = harness.query(first.clone()).await;
    assert!(more);
    assert_eq!(rows[0].changed, seq);
    let session = &rows[0].session;
    assert_eq!((session.id, session.status), (one, SessionStatus::Ended));
    assert_eq!(
        (session.reason.as_deref(), session.epoch),
        (Some("client"), 2)
    );
    assert_eq!(session.variables["vip"], json!(false));
    assert!(session.ended_at >= Some(session.started_at));
    let next = SessionsQuery {
        after: rows[0].position,
        ..first
    };
    assert_eq!(ids(&harness.sessions(next).await), [other]);

    let all = sessions_of(&world, seq);
    let before = harness.sessions(all.clone()).await;
    harness.rebuild().await;
    assert_eq!(harness.sessions(all).await, before);
    replica.stop().await;
}

pub(crate) async fn sessions_are_listed_by_flow_client_and_status(harness: Harness) {
    let replica = harness.start_replica().await;
    let (world, [one, other], seq) = two_sessions(&harness).await;
    let all = || sessions_of(&world, seq);
    let query = |change: fn(&mut SessionsQuery)| {
        let mut query = all();
        change(&mut query);
        query
    };
    let by_id = SessionsQuery {
        id: Some(other),
        ..all()
    };
    for (query, found) in [
        (by_id, other),
        (query(|query| query.flow = "desk".parse().ok()), one),
        (query(|query| query.entity = "bea".parse().ok()), other),
        (
            query(|query| query.status = Some(SessionStatus::Open)),
            other,
        ),
        (
            query(|query| query.status = Some(SessionStatus::Ended)),
            one,
        ),
    ] {
        assert_eq!(ids(&harness.sessions(query).await), [found]);
    }
    let of_one = EventsQuery {
        session: Some(one),
        ..events_of(&world, seq)
    };
    let (rows, _) = harness.query(of_one).await;
    let types = rows.iter().map(|row| row.event.event_type.as_str());
    let types: Vec<&str> = types.collect();
    let expected = [
        "session.started",
        "flow.event",
        "flow.event",
        "session.ended",
    ];
    assert_eq!(types, expected);
    replica.stop().await;
}
