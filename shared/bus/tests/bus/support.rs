//! A connection to the test's nats-server, and a commit to send over it.

use contract::{Commit, CommitId, Event, Rejection, Timestamp, WorldId};
use manyworlds_bus::{Bus, CommandError, Config};
use serde_json::value::RawValue;
use testkit::NatsServer;
use uuid::Uuid;

pub(crate) async fn connect(nats: &NatsServer) -> Bus {
    let config = Config {
        url: nats.url(),
        ..Config::default()
    };
    Bus::connect(&config, "test").await.unwrap()
}

pub(crate) fn world(id: &str) -> WorldId {
    id.parse().unwrap()
}

pub(crate) fn commit(text: &str) -> Commit {
    let event = Event {
        id: contract::CommandId::new().event(0),
        event_type: "app.said".parse().unwrap(),
        sender: "ada".parse().unwrap(),
        target: Some("bob,eve".parse().unwrap()),
        chat: Some("main".parse().unwrap()),
        causation: Some(contract::CommandId::new().event(3)),
        correlation: Some(Uuid::now_v7()),
        trace: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        schema: Some("https://example.org/said".to_owned()),
        description: Some("somebody\nsaid it".to_owned()),
        summary: Some("grüße, \"quoted\"".to_owned()),
        metadata: Some(RawValue::from_string(r#"{"a": 1}"#.to_owned()).unwrap()),
        data: RawValue::from_string(format!("{{\"text\": \"{text}\"}}")).unwrap(),
    };
    Commit {
        clock: None,
        rules: 0,
        id: CommitId::new(),
        at: Timestamp::now(),
        wake: None,
        commands: Vec::new(),
        events: vec![event],
    }
}

/// The rejection that a world answered.
pub(crate) fn rejection<T: std::fmt::Debug>(answer: Result<T, CommandError>) -> Rejection {
    match answer {
        Err(CommandError::Rejected(rejection)) => rejection,
        other => panic!("{other:?}"),
    }
}
