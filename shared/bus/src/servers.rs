//! Servers of tools: what workers are asked about them, and what they answer.
//!
//! Nobody keeps the whole picture: each worker says what it knows, and whoever asks puts it together.

use std::time::Duration;

use async_nats::{
    HeaderMap, HeaderValue, Message, RequestErrorKind, StatusCode, Subject, Subscriber,
};
use contract::subject;
use contract::tool::{McpServerStatus, RESOURCE_BYTES_MAX, ReadResource, RestartMcpServer};
use futures::StreamExt;
use futures::stream::{SelectAll, select_all};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::{Bus, Error, trace};

/// How long workers may take to answer what all of them are asked.
const GATHER_TIMEOUT: Duration = Duration::from_millis(500);
/// After the first answer, those of the other workers are not far.
const QUIET_TIMEOUT: Duration = Duration::from_millis(150);
/// Pause before it is looked again whether there is a worker.
const PAUSE: Duration = Duration::from_millis(100);
/// The header that tells of which kind a resource is.
const MIME_HEADER: &str = "mw-mime";
/// The header that tells why there is no resource.
const REFUSED_HEADER: &str = "mw-refused";
/// What a resource is whose kind nobody knows.
const MIME_DEFAULT: &str = "application/octet-stream";

/// What a resource of a server of tools holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Of which kind it is.
    pub mime: String,
    /// The whole of it: at most [`RESOURCE_BYTES_MAX`].
    pub bytes: bytes::Bytes,
}

impl Bus {
    /// The servers of tools that the workers know: one entry for each worker that knows it. A worker
    /// that takes longer than half a second is left out.
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS can't be told.
    pub async fn mcp_servers(&self) -> Result<Vec<McpServerStatus>, Error> {
        let answers: Vec<Vec<McpServerStatus>> = self.gather(subject::MCP_SERVERS, &()).await?;
        Ok(answers.into_iter().flatten().collect())
    }

    /// Lets every worker that knows a server of tools connect to it anew; whether one does.
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS can't be told.
    pub async fn restart_mcp_server(&self, id: &str) -> Result<bool, Error> {
        let restart = RestartMcpServer { id: id.to_owned() };
        let answers: Vec<bool> = self.gather(subject::MCP_RESTART, &restart).await?;
        Ok(answers.contains(&true))
    }

    /// Reads a resource of a server of tools, on any worker; waits for one while there is none.
    ///
    /// # Errors
    /// [`Error::Unanswered`] when no worker answers within `deadline`; [`Error::Refused`] when the
    /// worker says that it can't be read.
    pub async fn read_resource(
        &self,
        read: &ReadResource,
        deadline: Duration,
    ) -> Result<Resource, Error> {
        let subject = subject::MCP_READ.to_owned();
        let payload = encode(&subject, read)?;
        let until = Instant::now() + deadline;
        loop {
            let request = async_nats::Request {
                payload: Some(payload.clone()),
                headers: trace::headers(),
                timeout: Some(Some(until.saturating_duration_since(Instant::now()))),
                inbox: None,
            };
            let error = match self.client.send_request(subject.clone(), request).await {
                Ok(message) => return resource(message),
                Err(error) => error,
            };
            let is_nobody = error.kind() == RequestErrorKind::NoResponders;
            if !is_nobody || Instant::now() + PAUSE >= until {
                let reason = error.to_string();
                return Err(Error::Unanswered { subject, reason });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Asks all workers, and collects what they answer.
    async fn gather<T: DeserializeOwned>(
        &self,
        subject: &'static str,
        question: &impl Serialize,
    ) -> Result<Vec<T>, Error> {
        let payload = encode(subject, question)?;
        let inbox = self.client.new_inbox();
        let subscribed = self.client.subscribe(inbox.clone()).await;
        let mut replies = subscribed.map_err(|e| Error::broker("ask the workers", e))?;
        self.client
            .publish_with_reply(subject, inbox, payload)
            .await
            .map_err(|e| Error::broker("ask the workers", e))?;
        let until = Instant::now() + GATHER_TIMEOUT;
        let mut next = timeout_at(until, replies.next()).await;
        let mut answers = Vec::new();
        while let Ok(Some(message)) = next {
            if message.status == Some(StatusCode::NO_RESPONDERS) {
                break;
            }
            answers.extend(serde_json::from_slice(&message.payload));
            let quiet = until.min(Instant::now() + QUIET_TIMEOUT);
            next = timeout_at(quiet, replies.next()).await;
        }
        Ok(answers)
    }

    /// Answers what workers are asked about servers of tools.
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS can't be told.
    pub async fn server_requests(&self) -> Result<ServerRequests, Error> {
        let all = [subject::MCP_SERVERS, subject::MCP_RESTART];
        let mut subscribers = Vec::new();
        for subject in all {
            subscribers.push(self.client.subscribe(subject).await);
        }
        let group = subject::WORKER_GROUP.to_owned();
        let any = self.client.queue_subscribe(subject::MCP_READ, group).await;
        subscribers.push(any);
        let subscribers: Result<Vec<Subscriber>, _> = subscribers.into_iter().collect();
        let subscribers = subscribers.map_err(|e| Error::broker("serve the workers' state", e))?;
        Ok(ServerRequests {
            bus: self.clone(),
            messages: select_all(subscribers),
        })
    }
}

/// What workers are asked about servers of tools. Dropped, it serves no more.
pub struct ServerRequests {
    bus: Bus,
    messages: SelectAll<Subscriber>,
}

/// A question that waits for its answer. One whose answer is lost is not answered.
pub enum ServerRequest {
    /// Which servers there are.
    List(Told<Vec<McpServerStatus>>),
    /// Connect to one anew: whether it is known.
    Restart(RestartMcpServer, Told<bool>),
    /// Read a resource, or say why it can't be read.
    Read(Box<ReadResource>, Told<Result<Resource, String>>),
}

impl ServerRequests {
    /// The next question; `None` when the connection is closed for good. One that can't be read is
    /// not answered.
    pub async fn next(&mut self) -> Option<ServerRequest> {
        loop {
            let message = self.messages.next().await?;
            if let Some(request) = self.read(&message) {
                return Some(request);
            }
        }
    }

    fn read(&self, message: &Message) -> Option<ServerRequest> {
        let reply = message.reply.clone()?;
        let request = match message.subject.as_str() {
            subject::MCP_SERVERS => ServerRequest::List(Told::new(&self.bus, reply)),
            subject::MCP_RESTART => ServerRequest::Restart(
                serde_json::from_slice(&message.payload).ok()?,
                Told::new(&self.bus, reply),
            ),
            _ => ServerRequest::Read(
                serde_json::from_slice(&message.payload).ok()?,
                Told::new(&self.bus, reply),
            ),
        };
        Some(request)
    }
}

/// Whoever asked, until they are told.
pub struct Told<Answer> {
    bus: Bus,
    reply: Subject,
    answer: std::marker::PhantomData<fn(Answer)>,
}

impl<Answer> Told<Answer> {
    fn new(bus: &Bus, reply: Subject) -> Self {
        Self {
            bus: bus.clone(),
            reply,
            answer: std::marker::PhantomData,
        }
    }
}

impl<Answer: Serialize> Told<Answer> {
    /// Answers. What gets lost is asked for again, so there is nothing to report.
    pub async fn tell(self, answer: &Answer) {
        if let Ok(payload) = serde_json::to_vec(answer) {
            let _ = self.bus.client.publish(self.reply, payload.into()).await;
        }
    }
}

impl Told<Result<Resource, String>> {
    /// Answers with the bytes as they are: as JSON they would be larger than NATS carries.
    pub async fn tell_resource(self, answer: Result<Resource, String>) {
        let (headers, bytes) = match answer {
            Ok(resource) if resource.bytes.len() > RESOURCE_BYTES_MAX => {
                let reason = format!("it has more than {RESOURCE_BYTES_MAX} bytes");
                (header(REFUSED_HEADER, &reason), bytes::Bytes::new())
            }
            Ok(resource) => (header(MIME_HEADER, &resource.mime), resource.bytes),
            Err(reason) => (header(REFUSED_HEADER, &reason), bytes::Bytes::new()),
        };
        let client = &self.bus.client;
        let sent = client.publish_with_headers(self.reply, headers, bytes);
        let _ = sent.await;
    }
}

fn header(name: &'static str, value: &str) -> HeaderMap {
    let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut headers = HeaderMap::new();
    if let Ok(value) = line.parse::<HeaderValue>() {
        headers.insert(name, value);
    }
    headers
}

fn resource(message: Message) -> Result<Resource, Error> {
    let value = |name: &str| Some(message.headers.as_ref()?.get(name)?.as_str().to_owned());
    match value(REFUSED_HEADER) {
        Some(reason) => Err(Error::Refused {
            subject: subject::MCP_READ.to_owned(),
            reason,
        }),
        None => Ok(Resource {
            mime: value(MIME_HEADER).unwrap_or_else(|| MIME_DEFAULT.to_owned()),
            bytes: message.payload,
        }),
    }
}

fn encode(subject: &str, question: &impl Serialize) -> Result<bytes::Bytes, Error> {
    let encoded = serde_json::to_vec(question).map_err(|source| Error::Encode {
        subject: subject.to_owned(),
        source,
    })?;
    Ok(encoded.into())
}
