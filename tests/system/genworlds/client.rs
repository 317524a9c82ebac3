//! A client of GenWorlds, and a worker that does what agents can do.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bus::{Bus, CommitSubscription};
use contract::run::RunResult;
use contract::{
    Command, CommandRequest, Fact, NewEvent, RunId, RunOutcome, WorldId, fact::ActionRequested,
};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use system_tests::{Cluster, Http};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// An event for everyone, or for `target`, at a time of its own: with the time of another it may be that one
/// again.
pub(super) fn event(event_type: &str, sender: &str, target: Option<&str>) -> Value {
    static EVENTS: AtomicU32 = AtomicU32::new(0);
    let microsecond = EVENTS.fetch_add(1, Ordering::Relaxed) % 1_000_000;
    json!({
        "event_type": event_type, "description": "It happens.", "summary": null,
        "created_at": format!("2023-10-09T12:56:42.{microsecond:06}"), "sender_id": sender,
        "target_id": target,
    })
}

/// An agent that says something.
pub(super) fn saying(event_type: &str, sender: &str, target: &str, message: &str) -> Value {
    let mut event = event(event_type, sender, Some(target));
    event["message"] = json!(message);
    event
}

pub(super) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    pub(super) async fn open(door: &Http, address: &str) -> Self {
        let url = format!("{}{address}", door.base).replace("http:", "ws:");
        let (socket, _) = connect_async(url).await.unwrap();
        Self(socket)
    }

    pub(super) async fn say(&mut self, frame: &Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The next frame; none when the connection is over, however it ended.
    pub(super) async fn next(&mut self) -> Option<Value> {
        let frame = async {
            loop {
                match self.0.next().await?.ok()? {
                    Message::Text(text) => return Some(serde_json::from_str(&text).unwrap()),
                    Message::Close(_) => return None,
                    _ => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, frame).await.unwrap()
    }

    /// The next frame, which is of this type.
    pub(super) async fn expect(&mut self, event_type: &str) -> Value {
        let frame = self.next().await.unwrap();
        assert_eq!(frame["event_type"], event_type, "{frame}");
        frame
    }

    /// Says it, and waits until the world has it.
    pub(super) async fn say_and_receive(&mut self, frame: &Value) -> Value {
        self.say(frame).await;
        self.expect(frame["event_type"].as_str().unwrap()).await
    }

    /// Says it, which is refused with this code.
    pub(super) async fn say_in_vain(&mut self, frame: &Value, code: &str) -> Value {
        self.say(frame).await;
        let refused = self.expect("error").await;
        assert_eq!(refused["code"], code, "{refused}");
        assert_eq!(refused["refused"], frame["event_type"], "{refused}");
        refused
    }
}

/// A worker that does what the abilities of agents promise.
pub(super) struct Worker {
    bus: Bus,
    world: WorldId,
    commits: CommitSubscription,
    /// How many runs were asked for, so far.
    pub(super) runs: usize,
}

impl Worker {
    pub(super) async fn start(cluster: &Cluster, world: &str) -> Self {
        let bus = cluster.bus().await;
        let world: WorldId = world.parse().unwrap();
        let commits = bus.log().subscribe_commits(&world).await.unwrap();
        bus.flush().await.unwrap();
        Self {
            bus,
            world,
            commits,
            runs: 0,
        }
    }

    /// Ends the next run with an event: what `make` makes of the event that caused the run.
    pub(super) async fn answer(&mut self, make: impl Fn(&Value) -> NewEvent) {
        loop {
            let stored = tokio::time::timeout(PATIENCE, self.commits.next());
            let commit = stored.await.unwrap().unwrap().entry.commit().unwrap();
            let mut runs = Vec::new();
            for event in commit.events {
                let fact = Fact::parse(&event.event_type, &event.data).unwrap();
                if let Some(Fact::ActionRequested(requested)) = fact {
                    runs.push((event.id.run(), requested));
                }
            }
            self.runs += runs.len();
            if let Some((run, requested)) = runs.pop() {
                return self.complete(run, &requested, make).await;
            }
        }
    }

    async fn complete(
        &self,
        run: RunId,
        requested: &ActionRequested,
        make: impl Fn(&Value) -> NewEvent,
    ) {
        let cause = requested.arguments.as_ref().unwrap();
        let cause: Value = serde_json::from_str(cause.get()).unwrap();
        let completed = RunResult {
            events: vec![make(&cause)],
            ..RunResult::default()
        };
        let command = Command::Complete {
            run,
            outcome: RunOutcome::Completed(completed),
        };
        let request = CommandRequest {
            id: run.completion(),
            sender: requested.entity.clone(),
            command,
            trace: None,
            run: None,
            principal: None,
        };
        let worlds = self.bus.worlds();
        let answer = worlds.command(&self.world, request, PATIENCE).await;
        answer.unwrap();
    }
}

/// An event with the message of its cause, to `target`.
pub(super) fn passed_on(event_type: &str, cause: &Value, target: &str) -> NewEvent {
    let data = json!({"message": cause["data"]["message"]});
    NewEvent {
        target: Some(target.parse().unwrap()),
        description: Some("An agent speaks with the user.".to_owned()),
        ..NewEvent::new(
            event_type.parse().unwrap(),
            serde_json::value::to_raw_value(&data).unwrap(),
        )
    }
}
