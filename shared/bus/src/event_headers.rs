//! The headers of an event: CloudEvents in binary mode, and what shows whether one was missed.

use async_nats::{HeaderMap, HeaderName, HeaderValue};
use contract::commit::Position;
use contract::{Commit, Event, Seq, WorldId, cloud_event};
use serde_json::value::RawValue;

use crate::trace;

/// The header with the sequence of the commit before this one in the same log.
const PREVIOUS_HEADER: &str = "mw-previous";
/// The header with the number of events in the commit.
const COUNT_HEADER: &str = "mw-count";

/// What the headers of all events of a commit share, as text.
pub(crate) struct CommitHeaders {
    world: String,
    time: String,
    seq: String,
    previous: String,
    count: String,
}

impl CommitHeaders {
    pub(crate) fn new(world: &WorldId, seq: Seq, previous: Seq, commit: &Commit) -> Self {
        Self {
            world: world.to_string(),
            time: commit.at.to_string(),
            seq: seq.to_string(),
            previous: previous.to_string(),
            count: commit.events.len().to_string(),
        }
    }
}

/// The headers of one event. Every event of every world passes here, so names are constants and values
/// are written once.
pub(crate) fn event_headers(
    common: &CommitHeaders,
    position: Position,
    event: &Event,
) -> HeaderMap {
    const fn name(name: &'static str) -> HeaderName {
        HeaderName::from_static(name)
    }
    let mut headers = HeaderMap::new();
    let mut insert = |name: HeaderName, value: String| {
        headers.insert(name, HeaderValue::from(value));
    };
    insert(name("ce-specversion"), cloud_event::SPEC_VERSION.to_owned());
    insert(name("ce-id"), event.id.to_string());
    insert(name("ce-type"), event.event_type.to_string());
    insert(
        name("ce-source"),
        cloud_event::source(&common.world, &event.sender),
    );
    insert(name("ce-time"), common.time.clone());
    insert(name("ce-world"), common.world.clone());
    insert(name("ce-sender"), event.sender.to_string());
    insert(name("ce-sequence"), position.to_string());
    insert(name("content-type"), "application/json".to_owned());
    insert(name(cloud_event::SEQ_HEADER), common.seq.clone());
    insert(name(PREVIOUS_HEADER), common.previous.clone());
    insert(name(COUNT_HEADER), common.count.clone());
    if let Some(target) = &event.target {
        insert(name("ce-subject"), target.to_string());
        insert(name("ce-target"), target.to_string());
    }
    if let Some(chat) = &event.chat {
        insert(name("ce-chat"), chat.to_string());
    }
    if let Some(causation) = event.causation {
        insert(name("ce-causationid"), causation.to_string());
    }
    if let Some(correlation) = event.correlation {
        insert(name("ce-correlationid"), correlation.to_string());
    }
    if let Some(trace) = &event.trace {
        insert(name("ce-traceparent"), trace.clone());
        insert(name(trace::TRACEPARENT), trace.clone());
    }
    let texts = [
        (name("ce-dataschema"), event.schema.as_deref()),
        (name("ce-description"), event.description.as_deref()),
        (name("ce-summary"), event.summary.as_deref()),
        (
            name("ce-metadata"),
            event.metadata.as_deref().map(RawValue::get),
        ),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            insert(name, percent_encode(text));
        }
    }
    headers
}

/// Percent-encodes what the NATS binding of CloudEvents requires: everything outside printable
/// ASCII, and space, double quote and percent.
fn percent_encode(text: &str) -> String {
    let plain = |byte: u8| (0x21..=0x7e).contains(&byte) && byte != b'"' && byte != b'%';
    if text.bytes().all(plain) {
        return text.to_owned();
    }
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if plain(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_header_can_not_hold_is_encoded() {
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("a b", "a%20b"),
            ("100 %", "100%20%25"),
            ("ä\n\"x\"", "%C3%A4%0A%22x%22"),
        ] {
            assert_eq!(percent_encode(text), expected);
        }
    }
}
