//! The replies to requests that came in one message: they go back in one message.

use std::sync::{Mutex, PoisonError};

use contract::{Rejection, RejectionCode, Reply};

use super::reply_address::ReplyAddress;
use crate::batch_codec::encode_array;
use crate::chunked_reply;

/// More than what stands in place of a reply that is to be requested by itself.
const PLACEHOLDER_BYTES_MAX: usize = 128;

/// Collects the replies to requests that came in one message.
pub(super) struct ReplyBatch {
    address: ReplyAddress,
    replies: Mutex<Replies>,
}

struct Replies {
    encoded: Vec<Vec<u8>>,
    missing: usize,
    bytes: usize,
    bytes_max: usize,
}

impl ReplyBatch {
    /// `bytes_max`: the most that all replies may have together.
    pub(super) fn new(address: ReplyAddress, count: usize, bytes_max: usize) -> Self {
        Self {
            address,
            replies: Mutex::new(Replies::new(count, bytes_max)),
        }
    }

    /// Adds a reply. The last one sends all of them.
    pub(super) async fn add(&self, index: usize, reply: Vec<u8>) {
        let complete = {
            let mut replies = self.replies.lock().unwrap_or_else(PoisonError::into_inner);
            replies.add(index, reply)
        };
        if let Some(payload) = complete {
            self.address.publish_in_chunks(payload.into()).await;
        }
    }
}

impl Replies {
    fn new(count: usize, bytes_max: usize) -> Self {
        Self {
            encoded: vec![Vec::new(); count],
            missing: count,
            bytes: 0,
            bytes_max,
        }
    }

    /// Adds a reply; returns all of them when this was the last one. A reply that is larger than
    /// anything that can be sent is rejected in its place, since it could never be delivered. One that is too
    /// large beside the others, or for one message, is to be requested by itself.
    fn add(&mut self, index: usize, reply: Vec<u8>) -> Option<Vec<u8>> {
        let others = self.bytes + (self.missing - 1) * PLACEHOLDER_BYTES_MAX;
        let size = reply.len() + PLACEHOLDER_BYTES_MAX;
        self.encoded[index] = if size > chunked_reply::REPLY_BYTES_MAX {
            too_large(reply.len(), chunked_reply::REPLY_BYTES_MAX)
        } else if others + size > self.bytes_max {
            placeholder()
        } else {
            reply
        };
        self.bytes += self.encoded[index].len() + 1;
        self.missing -= 1;
        (self.missing == 0).then(|| encode_array(&self.encoded))
    }
}

fn too_large(bytes: usize, bytes_max: usize) -> Vec<u8> {
    let rejection = Reply::Rejected(Rejection {
        code: RejectionCode::TooLarge,
        detail: format!(
            "the reply has {bytes} bytes, and may have {bytes_max}: request less, such as an outline \
             of the state"
        ),
        field: None,
        cause: None,
    });
    serde_json::to_vec(&rejection).unwrap_or_default()
}

fn placeholder() -> Vec<u8> {
    let again = Reply::Unavailable {
        reason: "the reply is too large for a batch: request it by itself, in chunks".to_owned(),
    };
    serde_json::to_vec(&again).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(bytes: usize) -> Vec<u8> {
        let reason = "x".repeat(bytes);
        serde_json::to_vec(&Reply::Unavailable { reason }).unwrap()
    }

    #[test]
    fn replies_fit_in_a_message() {
        const BYTES_MAX: usize = 8000;
        let sizes = [10, chunked_reply::REPLY_BYTES_MAX, 3000, 5000, 10, 9000];
        let mut replies = Replies::new(sizes.len(), BYTES_MAX);
        let mut payload = None;
        for (index, size) in sizes.into_iter().enumerate() {
            payload = replies.add(index, reply(size));
        }
        let payload = payload.unwrap();
        assert!(payload.len() <= BYTES_MAX, "{}", payload.len());
        let decoded: Vec<Reply> = serde_json::from_slice(&payload).unwrap();
        let kinds = decoded.iter().map(|reply| match reply {
            Reply::Rejected(rejection) => format!("{:?}", rejection.code),
            Reply::Unavailable { reason } if reason.starts_with('x') => "whole".to_owned(),
            _ => "single".to_owned(),
        });
        let kinds: Vec<String> = kinds.collect();
        assert_eq!(
            kinds,
            ["whole", "TooLarge", "whole", "single", "whole", "single"]
        );
        // By itself, what was too large in the batch is sent, in chunks if it must.
        let sent = Replies::new(1, BYTES_MAX).add(0, reply(5000)).unwrap();
        assert!(sent.len() > 5000);
        let sent = Replies::new(1, chunked_reply::REPLY_BYTES_MAX).add(0, reply(9000));
        assert!(sent.unwrap().len() > 9000);
    }
}
