//! What is requested of the gateway while the chat goes on: one request after the other, in the order of the lines.

use std::time::Duration;

use client::{Client, Error};
use contract::chat::ChatMessage;
use contract::http::{DecideApprovalRequest, PostMessageRequest};
use contract::tool::Verdict;
use contract::{ApprovalId, ChatId, EntityId, WorldId};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// A lost connection is retried for this long: longer than any failover.
const RETRY_MAX: Duration = Duration::from_secs(45);
/// Lines that may wait for those before them: nobody types more while one is retried.
const REQUESTS_MAX: usize = 64;

/// What is requested.
#[derive(Debug)]
pub(super) enum Request {
    /// Post this message.
    Post(String),
    /// Stop the answers of the chat.
    Stop,
    /// Decide about a call.
    Decide(ApprovalId, Verdict),
    /// Read so many of the latest messages.
    History(usize),
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is done. What follows of it is in the events of the chat.
    Done,
    /// The latest messages, oldest first.
    History(Vec<ChatMessage>),
    /// It failed.
    Failed(Request, Error),
}

/// The requests, on their way.
pub(super) struct Requests {
    requests: mpsc::Sender<Request>,
    outcomes: mpsc::Receiver<Outcome>,
    _task: JoinSet<()>,
}

impl Requests {
    pub(super) fn start(client: &Client, world: WorldId, chat: ChatId, user: EntityId) -> Self {
        let (requests, mut queue) = mpsc::channel(REQUESTS_MAX);
        let (sender, outcomes) = mpsc::channel(REQUESTS_MAX);
        let target = Target {
            client: client.clone().with_retries(RETRY_MAX),
            world,
            chat,
            user,
        };
        let mut task = JoinSet::new();
        task.spawn(async move {
            while let Some(request) = queue.recv().await {
                let outcome = match target.send(&request).await {
                    Ok(outcome) => outcome,
                    Err(error) => Outcome::Failed(request, error),
                };
                if sender.send(outcome).await.is_err() {
                    return;
                }
            }
        });
        Self {
            requests,
            outcomes,
            _task: task,
        }
    }

    /// Sends a request behind those that wait.
    ///
    /// # Errors
    /// The request, when too many wait.
    pub(super) fn send(&self, request: Request) -> Result<(), Request> {
        let sent = self.requests.try_send(request);
        sent.map_err(|error| error.into_inner())
    }

    /// Waits until the next one is done. The call may be cancelled: nothing is lost.
    pub(super) async fn next(&mut self) -> Option<Outcome> {
        self.outcomes.recv().await
    }
}

struct Target {
    client: Client,
    world: WorldId,
    chat: ChatId,
    user: EntityId,
}

impl Target {
    async fn send(&self, request: &Request) -> Result<Outcome, Error> {
        let world = self.client.world(&self.world);
        match request {
            Request::Post(text) => {
                let request = PostMessageRequest {
                    sender: self.user.clone(),
                    text: text.clone(),
                    in_reply_to: None,
                    stream: false,
                    wait: false,
                };
                world.messages(&self.chat).post(&request).await?;
            }
            Request::Stop => {
                world.chats().stop(&self.chat).await?;
            }
            Request::Decide(id, verdict) => {
                let request = DecideApprovalRequest {
                    verdict: verdict.clone(),
                    sender: Some(self.user.clone()),
                };
                world.approvals().decide(*id, &request).await?;
            }
            Request::History(count) => {
                let mut messages = world.chats().show(&self.chat).await?.messages;
                let surplus = messages.len().saturating_sub(*count);
                messages.drain(..surplus);
                return Ok(Outcome::History(messages));
            }
        }
        Ok(Outcome::Done)
    }
}
