//! Commands of one sequence that travel together, in order.
//!
//! They are one array in one message. The world decides them one after the other, and when it can't serve
//! one, none behind it. What got no reply is repeated as one array with the same ids, so nothing is
//! doubled. A header marks the array: a world that finds a later command of it stored already does not
//! decide an earlier one anew, which it had refused the first time.

use std::time::Duration;

use async_nats::{Client, HeaderMap};
use bytes::Bytes;
use contract::{
    Accepted, CommandRequest, Rejection, Reply, Request, RequestEnvelope, WorldId, subject,
};

use crate::attempts::Attempts;
use crate::batch_codec::{decode_replies, encode_array, malformed};
use crate::owners::Owners;
use crate::request::{NoReply, request_with_headers};
use crate::{CommandError, Error, trace};

/// The header of a message whose commands are one ordered batch.
const HEADER: &str = "mw-ordered";

/// What became of the commands of an ordered batch.
#[derive(Debug)]
pub struct OrderedReplies {
    /// The world's answers to the first commands, in order.
    pub decided: Vec<Result<Accepted, Rejection>>,
    /// Why the others have none. They may still have been, or be, accepted.
    pub error: Option<CommandError>,
}

/// Whether the commands of a message are one ordered batch.
pub(crate) fn is_ordered(headers: Option<&HeaderMap>) -> bool {
    headers.is_some_and(|headers| headers.get(HEADER).is_some())
}

/// Sends a batch to a world, and repeats what has no answer until the deadline. Each attempt
/// waits for `attempt_timeout` at most.
pub(crate) async fn send(
    client: &Client,
    owners: &Owners,
    world: &WorldId,
    commands: Vec<CommandRequest>,
    (deadline, attempt_timeout): (Duration, Duration),
) -> OrderedReplies {
    let mut decided = Vec::with_capacity(commands.len());
    let encoded: Result<Vec<Bytes>, _> = commands.into_iter().map(encode).collect();
    let encoded = match encoded {
        Ok(encoded) => encoded,
        Err(source) => {
            let subject = subject::command(world);
            let error = CommandError::transport(world, Error::Encode { subject, source });
            return OrderedReplies {
                decided,
                error: Some(error),
            };
        }
    };
    let mut attempts = Attempts::new(deadline);
    loop {
        let rest = &encoded[decided.len()..];
        let timeout = attempts.timeout(attempt_timeout);
        let error = match send_once(client, owners, world, rest, timeout).await {
            Ok(replies) => take_decided(&mut decided, replies, world),
            Err(error) => Some(error),
        };
        let repeats = error.as_ref().is_some_and(CommandError::is_transient);
        if !repeats || !attempts.pause().await {
            return OrderedReplies { decided, error };
        }
    }
}

async fn send_once(
    client: &Client,
    owners: &Owners,
    world: &WorldId,
    commands: &[Bytes],
    timeout: Duration,
) -> Result<Vec<serde_json::Result<Reply>>, CommandError> {
    let payload: Bytes = encode_array(commands).into();
    let mut headers = trace::headers().unwrap_or_default();
    headers.insert(HEADER, "1");
    let send = |subject: String| {
        let (payload, headers) = (payload.clone(), Some(headers.clone()));
        async move { request_with_headers(client, &subject, payload, headers, timeout).await }
    };
    let reply = owners.request(world, send).await;
    let reply = reply.map_err(|cause: NoReply| CommandError::no_reply(world, cause))?;
    let replies = decode_replies(&subject::command(world), &reply.payload, commands.len());
    replies.map_err(|error| CommandError::transport(world, error))
}

/// Takes the answers up to the first command that has none, and returns why it has none.
fn take_decided(
    decided: &mut Vec<Result<Accepted, Rejection>>,
    replies: Vec<serde_json::Result<Reply>>,
    world: &WorldId,
) -> Option<CommandError> {
    for reply in replies {
        match reply {
            Ok(Reply::Accepted(accepted)) => decided.push(Ok(accepted)),
            Ok(Reply::Rejected(rejection)) => decided.push(Err(rejection)),
            Ok(Reply::Unavailable { reason }) => {
                let world = world.clone();
                return Some(CommandError::Unavailable { world, reason });
            }
            Ok(reply) => {
                let error = Error::UnexpectedReply {
                    subject: subject::command(world),
                    reason: format!("{reply:?}"),
                };
                return Some(CommandError::transport(world, error));
            }
            Err(source) => {
                return Some(CommandError::transport(
                    world,
                    malformed(&subject::command(world), source),
                ));
            }
        }
    }
    None
}

fn encode(command: CommandRequest) -> serde_json::Result<Bytes> {
    let envelope = RequestEnvelope {
        trace: command.trace.clone(),
        request: Box::new(Request::Command(command)),
    };
    serde_json::to_vec(&envelope).map(Bytes::from)
}
