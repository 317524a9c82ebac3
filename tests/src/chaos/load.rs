//! Senders and listeners, as clients would write them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::Bus;
use contract::view::GetActivity;
use contract::{MessageId, WorldId};
use eventsource_stream::Eventsource;
use futures::StreamExt;
use serde_json::{Value, json};

use super::progress::Progress;
use crate::{Http, oracle};

/// How long a gateway may take for a message that nobody waits for, before another gateway gets it.
const ATTEMPT: Duration = Duration::from_secs(2);
/// A stream without an event for this long is opened again: all was received, or it is broken.
const SILENCE_MAX: Duration = Duration::from_secs(3);
/// Pause before a stream that a gateway refused is opened at the next gateway.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);
/// How long the view of a world may take.
const VIEW_WITHIN: Duration = Duration::from_secs(5);

/// Someone who posts messages in a world, one after the other.
pub(super) struct Sender {
    pub(super) world: WorldId,
    /// Which of the world's people it is.
    pub(super) person: usize,
    /// Which of all senders it is.
    pub(super) number: usize,
}

impl Sender {
    /// Posts until it is over, and returns which of its messages were acknowledged.
    pub(super) async fn post(
        self,
        doors: Vec<Http>,
        progress: Progress,
        over: Arc<AtomicBool>,
    ) -> (WorldId, Vec<MessageId>) {
        let doors: Vec<_> = doors
            .into_iter()
            .map(|door| door.with_attempts_of(ATTEMPT))
            .collect();
        let path = format!("/v1/worlds/{}/chats/main/messages", self.world);
        let sender = format!("user-{}", self.person);
        let mut sent = Vec::new();
        while !over.load(Ordering::Acquire) {
            let text = format!("@ada message {} of {sender}", sent.len());
            let body = json!({"sender": sender, "text": text, "wait": false});
            let answer = Http::post(&doors, &path, &body).await;
            let id = answer["id"].as_str().and_then(|id| id.parse().ok());
            sent.push(id.unwrap_or_else(|| panic!("no id in {answer}")));
            progress.count(self.number);
        }
        (self.world, sent)
    }
}

/// Reads every event of a world from its beginning, and resumes after each break where it was.
pub(super) async fn listen(
    doors: Vec<Http>,
    world: WorldId,
    bus: Bus,
    over: Arc<AtomicBool>,
) -> (WorldId, Vec<String>) {
    let path = format!("/v1/worlds/{world}/events/stream?after=0");
    let mut received = Vec::<String>::new();
    for door in doors.iter().cycle() {
        let last = received.last().map(String::as_str);
        let answer = tokio::time::timeout(ATTEMPT, door.stream(&path, last)).await;
        let Ok(Ok(answer)) = answer else {
            tokio::time::sleep(RECONNECT_PAUSE).await;
            continue;
        };
        let mut events = answer.bytes_stream().eventsource();
        loop {
            let next = tokio::time::timeout(SILENCE_MAX, events.next()).await;
            match next {
                Ok(Some(Ok(event))) if !event.id.is_empty() && event.event != "ready" => {
                    if received.last() != Some(&event.id) || is_event(&event.data) {
                        received.push(event.id);
                    }
                }
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(_)) | None) => break,
                Err(_) => {
                    if over.load(Ordering::Acquire) && is_at_rest(&bus, &world).await {
                        let log = oracle::read_log(&bus, &world).await;
                        let last = log.last().map(|(position, _)| position);
                        if last == received.last() {
                            return (world, received);
                        }
                    }
                    break;
                }
            }
        }
    }
    (world, received)
}

fn is_event(data: &str) -> bool {
    serde_json::from_str::<Value>(data).is_ok_and(|event| event["specversion"] == "1.0")
}

/// Whether nobody in a world has anything left to answer.
pub async fn is_at_rest(bus: &Bus, world: &WorldId) -> bool {
    let worlds = bus.worlds();
    let activity = worlds.view(world, GetActivity::default(), None, VIEW_WITHIN);
    activity
        .await
        .is_ok_and(|activity| activity.view.runs.is_empty())
}
