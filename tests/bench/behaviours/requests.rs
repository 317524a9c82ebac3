//! Requests to entities, and their ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::Bus;
use contract::interaction::{NewInteraction, StreamBindings};
use contract::{Command, CommandId, CommandRequest, Fact, FactKind, InteractionId, WorldId};
use serde_json::Value;
use serde_json::value::to_raw_value;
use tokio::sync::oneshot;

const DEADLINE: Duration = Duration::from_secs(120);

type Waiting = Arc<Mutex<HashMap<InteractionId, oneshot::Sender<()>>>>;

/// Requests to the entities of a world.
#[derive(Clone)]
pub(super) struct Requests {
    bus: Bus,
    world: WorldId,
    waiting: Waiting,
}

impl Requests {
    /// Passes on the ends of requests as they are published.
    pub(super) async fn listen(bus: &Bus, world: &WorldId) -> Self {
        let mut commits = bus.log().subscribe_commits(world).await.unwrap();
        bus.flush().await.unwrap();
        let waiting = Waiting::default();
        let requests = Self {
            bus: bus.clone(),
            world: world.clone(),
            waiting: waiting.clone(),
        };
        tokio::spawn(async move {
            while let Some(stored) = commits.next().await {
                for event in stored.entry.commit().unwrap().events {
                    // What is not waited for is not parsed: this is beside what is measured.
                    if event.event_type.as_str() != FactKind::InteractionEnded.name() {
                        continue;
                    }
                    let fact = Fact::parse(&event.event_type, &event.data).unwrap();
                    let Some(Fact::InteractionEnded(ended)) = fact else {
                        continue;
                    };
                    if let Some(end) = lock(&waiting).remove(&ended.interaction) {
                        let _ = end.send(());
                    }
                }
            }
        });
        requests
    }

    /// Requests to process samples, and waits for the end.
    pub(super) async fn request(&self, target: &str, samples: Value) {
        ended(self.begin(target, "process", samples).await).await;
    }

    /// Requests an action; its end comes to the receiver.
    pub(super) async fn begin(
        &self,
        target: &str,
        action: &str,
        samples: Value,
    ) -> oneshot::Receiver<()> {
        let samples = (!samples.is_null()).then(|| to_raw_value(&samples).unwrap());
        self.send(target, action, samples, StreamBindings::default(), None)
            .await
    }

    /// Requests to learn from the samples of a stream, and waits for the end.
    pub(super) async fn learn(&self, target: &str, stream: &str, steps: usize) {
        let streams = StreamBindings {
            stdin: vec![stream.to_owned()],
            ..StreamBindings::default()
        };
        let steps = u32::try_from(steps).ok();
        ended(self.send(target, "learn", None, streams, steps).await).await;
    }

    async fn send(
        &self,
        target: &str,
        action: &str,
        samples: Option<Box<serde_json::value::RawValue>>,
        streams: StreamBindings<String>,
        steps: Option<u32>,
    ) -> oneshot::Receiver<()> {
        let id = CommandId::new();
        let (end, receiver) = oneshot::channel();
        lock(&self.waiting).insert(id.event(0).interaction(), end);
        let new = NewInteraction {
            action: Some(action.parse().unwrap()),
            targets: vec![target.to_owned()],
            arguments: None,
            streams,
            samples,
            steps,
            deadline: None,
            from_state: None,
            to_state: None,
            volatile: false,
            callback: None,
            run: None,
        };
        let request = CommandRequest {
            id,
            sender: "guest".parse().unwrap(),
            command: Command::RequestInteraction(new),
            trace: None,
            run: None,
            principal: None,
        };
        let sent = self.bus.worlds().command(&self.world, request, DEADLINE);
        sent.await.unwrap();
        receiver
    }
}

/// Waits for the end of a request.
pub(super) async fn ended(end: oneshot::Receiver<()>) {
    let ended = tokio::time::timeout(DEADLINE, end).await;
    ended.expect("an end in time").unwrap();
}

fn lock(waiting: &Waiting) -> MutexGuard<'_, HashMap<InteractionId, oneshot::Sender<()>>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
