//! Copies of whole streams, and streams made of such copies: for backups.
//!
//! JetStream's own API for snapshots keeps what a copy of messages would not: sequences, times, and how far consumers
//! are. The client library has no function for it, so that the requests are written here (source: NATS docs,
//! "NATS API Reference", and nats-server's `jetstream_api.go`).

use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, Request, StatusCode, Subscriber};
use bytes::Bytes;
use contract::{Seq, subject};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::connection::Connection;
use crate::{Config, Error};

/// The server looks through a stream before it answers.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// A server that sends nothing of a copy for this long has stopped.
const CHUNK_TIMEOUT: Duration = Duration::from_secs(30);
/// At the end the server reads all that it was sent, and makes the stream.
const RESTORE_TIMEOUT: Duration = Duration::from_secs(600);
/// How long a connection is tried.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_PAUSE: Duration = Duration::from_millis(20);
/// What is sent at once: well below the 1 MiB that a server accepts by default.
const CHUNK_BYTES: usize = 128 * 1024;
/// The code of a stream or consumer that is not there.
const NOT_FOUND: u64 = 404;
/// The status behind the last piece.
const NO_CONTENT: u16 = 204;
/// The name of the dispatcher's consumer.
const DISPATCHER: &str = "dispatcher";

/// The streams of a NATS, as a whole. Nothing is set up there.
pub struct StreamStore {
    connection: Arc<Connection>,
}

/// What a copy begins with: how the stream was made, and what is in it.
#[derive(Debug, Serialize, Deserialize)]
pub struct StreamHeader {
    /// The stream.
    pub name: String,
    /// How it was made, as the server describes it.
    pub config: Box<RawValue>,
    /// What was in it, as the server describes it.
    pub state: Box<RawValue>,
}

/// How much is in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StreamExtent {
    /// How many messages.
    pub messages: u64,
    /// The sequence of the last one, which may be deleted.
    pub last_seq: Seq,
}

/// The stream in which a bucket keeps its keys.
pub fn bucket_stream(bucket: &str) -> String {
    format!("KV_{bucket}")
}

impl StreamHeader {
    /// How much was in the stream when the copy was begun.
    ///
    /// # Errors
    /// [`Error::Decode`] when the server has not said so.
    pub fn extent(&self) -> Result<StreamExtent, Error> {
        serde_json::from_str(self.state.get()).map_err(|source| Error::Decode {
            subject: self.name.clone(),
            source,
        })
    }
}

/// A stream while it is copied.
pub struct StreamCopy {
    client: Client,
    header: StreamHeader,
    chunks: Subscriber,
}

/// A stream while it is made of a copy.
pub struct StreamRestore {
    client: Client,
    target: String,
}

impl StreamStore {
    /// Connects.
    ///
    /// # Errors
    /// [`Error::Connect`] when the address or the credentials are invalid, [`Error::Broker`] when NATS can't be
    /// reached.
    pub async fn connect(config: &Config, name: &str) -> Result<Self, Error> {
        let connection = Arc::new(Box::pin(Connection::open(config, name)).await?);
        let connected = timeout(CONNECT_TIMEOUT, async {
            while connection.state() != State::Connected {
                sleep(CONNECT_PAUSE).await;
            }
        });
        let connected = connected.await;
        connected.map_err(|_| Error::broker("connect", "it does not answer"))?;
        Ok(Self { connection })
    }

    /// How much is in a stream; none when there is no such stream.
    ///
    /// # Errors
    /// [`Error::Broker`] when it is not known.
    pub async fn extent(&self, stream: &str) -> Result<Option<StreamExtent>, Error> {
        const OPERATION: &str = "read the state of a stream";
        #[derive(Deserialize)]
        struct Info {
            state: StreamExtent,
        }
        let path = format!("STREAM.INFO.{stream}");
        let info: Option<Info> = self.request(OPERATION, &path, &Value::Null).await?;
        Ok(info.map(|info| info.state))
    }

    /// The commit up to which the dispatchers have stored all work elsewhere.
    ///
    /// # Errors
    /// [`Error::Broker`] when it is not known.
    pub async fn dispatched_until(&self) -> Result<Seq, Error> {
        const OPERATION: &str = "read how far the dispatchers are";
        #[derive(Deserialize)]
        struct Floor {
            stream_seq: Seq,
        }
        #[derive(Deserialize)]
        struct Info {
            ack_floor: Floor,
        }
        let path = format!("CONSUMER.INFO.{}.{DISPATCHER}", subject::LOG_STREAM);
        let info: Option<Info> = self.request(OPERATION, &path, &Value::Null).await?;
        Ok(info.map_or(0, |info| info.ack_floor.stream_seq))
    }

    /// Begins to copy a stream with its consumers, as it is now; none when there is no such stream.
    ///
    /// # Errors
    /// [`Error::Broker`] when the server does not.
    pub async fn copy(&self, stream: &str) -> Result<Option<StreamCopy>, Error> {
        const OPERATION: &str = "copy a stream";
        #[derive(Deserialize)]
        struct Begun {
            config: Box<RawValue>,
            state: Box<RawValue>,
        }
        let client = &self.connection.client;
        let inbox = client.new_inbox();
        let chunks = client.subscribe(inbox.clone()).await;
        let chunks = chunks.map_err(|e| Error::broker(OPERATION, e))?;
        let request = json!({"deliver_subject": inbox, "chunk_size": CHUNK_BYTES});
        let path = format!("STREAM.SNAPSHOT.{stream}");
        let begun: Option<Begun> = self.request(OPERATION, &path, &request).await?;
        Ok(begun.map(|begun| StreamCopy {
            client: client.clone(),
            header: StreamHeader {
                name: stream.to_owned(),
                config: begun.config,
                state: begun.state,
            },
            chunks,
        }))
    }

    /// Begins to make a stream of a copy. There may be none of this name yet.
    ///
    /// # Errors
    /// [`Error::Broker`] when the server does not.
    pub async fn restore(&self, header: &StreamHeader) -> Result<StreamRestore, Error> {
        const OPERATION: &str = "restore a stream";
        #[derive(Deserialize)]
        struct Begun {
            deliver_subject: String,
        }
        let request = json!({"config": value(header, &header.config)?, "state": value(header, &header.state)?});
        let path = format!("STREAM.RESTORE.{}", header.name);
        let begun: Option<Begun> = self.request(OPERATION, &path, &request).await?;
        let begun = begun.ok_or_else(|| Error::broker(OPERATION, "there is no JetStream"))?;
        Ok(StreamRestore {
            client: self.connection.client.clone(),
            target: begun.deliver_subject,
        })
    }

    /// Deletes a stream with all that is in it.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may still be there.
    pub async fn delete(&self, stream: &str) -> Result<(), Error> {
        const OPERATION: &str = "delete a stream";
        let path = format!("STREAM.DELETE.{stream}");
        self.request::<Value>(OPERATION, &path, &Value::Null)
            .await?;
        Ok(())
    }

    /// A request to JetStream; none when it says that what it is about is not there.
    async fn request<T: serde::de::DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
        body: &Value,
    ) -> Result<Option<T>, Error> {
        let payload = match body {
            Value::Null => Bytes::new(),
            body => body.to_string().into(),
        };
        let subject = format!("$JS.API.{path}");
        let reply = send(
            &self.connection.client,
            operation,
            subject,
            payload,
            REQUEST_TIMEOUT,
        );
        let reply = reply.await?;
        if rejection(operation, &reply)? == Some(NOT_FOUND) {
            return Ok(None);
        }
        decode(path, &reply).map(Some)
    }
}

impl StreamCopy {
    /// What the copy begins with.
    pub fn header(&self) -> &StreamHeader {
        &self.header
    }

    /// The next piece; none at the end. A copy without its end is none.
    ///
    /// # Errors
    /// [`Error::Broker`] when the server has stopped.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        const OPERATION: &str = "copy a stream";
        let chunk = timeout(CHUNK_TIMEOUT, self.chunks.next()).await;
        let chunk = chunk.map_err(|_| Error::broker(OPERATION, "the server has stopped"))?;
        let chunk = chunk.ok_or_else(|| Error::broker(OPERATION, "the connection closed"))?;
        if chunk.payload.is_empty() {
            // The end, with a reason unless all went well. Servers before 2.11 send no status.
            return match chunk.status {
                None => Ok(None),
                Some(status) if status == StatusCode::OK || status.as_u16() == NO_CONTENT => {
                    Ok(None)
                }
                Some(status) => {
                    let reason = chunk.description.unwrap_or_default();
                    Err(Error::broker(OPERATION, format!("{status} {reason}")))
                }
            };
        }
        // The server sends a window of them ahead.
        if let Some(reply) = chunk.reply {
            let sent = self.client.publish(reply, Bytes::new()).await;
            sent.map_err(|e| Error::broker(OPERATION, e))?;
        }
        Ok(Some(chunk.payload))
    }
}

impl StreamRestore {
    /// Sends the next piece.
    ///
    /// # Errors
    /// [`Error::Broker`] when the server does not take it.
    pub async fn send(&self, chunk: Bytes) -> Result<(), Error> {
        self.deliver(chunk, REQUEST_TIMEOUT).await.map(drop)
    }

    /// Ends it: the stream is there then. How much is in it.
    ///
    /// # Errors
    /// [`Error::Broker`] when it is not, or not completely: delete it.
    pub async fn finish(self) -> Result<StreamExtent, Error> {
        #[derive(Deserialize)]
        struct Restored {
            state: StreamExtent,
        }
        let reply = self.deliver(Bytes::new(), RESTORE_TIMEOUT).await?;
        let restored: Restored = decode(&self.target, &reply)?;
        Ok(restored.state)
    }

    async fn deliver(&self, chunk: Bytes, time: Duration) -> Result<Bytes, Error> {
        const OPERATION: &str = "restore a stream";
        let reply = send(&self.client, OPERATION, self.target.clone(), chunk, time).await?;
        match rejection(OPERATION, &reply)? {
            None => Ok(reply),
            Some(code) => Err(Error::broker(OPERATION, format!("error {code}"))),
        }
    }
}

async fn send(
    client: &Client,
    operation: &'static str,
    subject: String,
    payload: Bytes,
    time: Duration,
) -> Result<Bytes, Error> {
    let request = Request::new().payload(payload).timeout(Some(time));
    let reply = client.send_request(subject, request).await;
    Ok(reply.map_err(|e| Error::broker(operation, e))?.payload)
}

/// The code of a reply about something that is not there; none when it has done what it was to do.
///
/// # Errors
/// [`Error::Broker`] for what else it does not do.
fn rejection(operation: &'static str, reply: &Bytes) -> Result<Option<u64>, Error> {
    let reply: Value = serde_json::from_slice(reply).unwrap_or_default();
    let Some(error) = reply.get("error") else {
        return Ok(None);
    };
    match error["code"].as_u64() {
        Some(NOT_FOUND) => Ok(Some(NOT_FOUND)),
        _ => {
            let reason = error["description"].as_str().unwrap_or("no reason given");
            Err(Error::broker(operation, reason.to_owned()))
        }
    }
}

fn decode<T: serde::de::DeserializeOwned>(subject: &str, reply: &Bytes) -> Result<T, Error> {
    serde_json::from_slice(reply).map_err(|source| Error::Decode {
        subject: subject.to_owned(),
        source,
    })
}

fn value(header: &StreamHeader, json: &RawValue) -> Result<Value, Error> {
    serde_json::from_str(json.get()).map_err(|source| Error::Encode {
        subject: header.name.clone(),
        source,
    })
}
