//! Decodes responses.

use std::collections::BTreeMap;

use super::block::Block;
use crate::delta::Delta;
use crate::error::{Error, find_error};
use crate::framing::Frame;
use crate::json::Json;
use crate::protocol::decoder::{Decoder, not_json};
use crate::protocol::finish::parse_finish;

#[derive(Debug, Default)]
pub(in crate::protocol) struct AnthropicDecoder {
    /// The blocks that have begun, by their number.
    open: BTreeMap<u64, Block>,
    call_count: usize,
}

impl Decoder for AnthropicDecoder {
    fn decode(&mut self, frame: &Frame, deltas: &mut Vec<Delta>) -> Result<(), Error> {
        let data = frame.data.trim();
        if data.is_empty() {
            return Ok(());
        }
        if data == "[DONE]" {
            deltas.push(Delta::End);
            return Ok(());
        }
        for json in Json::parse_all(data).map_err(|_| not_json(frame))? {
            if let Some(error) = find_error(json, frame.event == "error") {
                return Err(error);
            }
            self.decode_event(json, deltas);
        }
        Ok(())
    }
}

impl AnthropicDecoder {
    fn decode_event(&mut self, event: Json<'_>, deltas: &mut Vec<Delta>) {
        let index = event.get("index").and_then(Json::count).unwrap_or(0);
        match event.text_at("type").as_deref() {
            Some("message_start") => {
                if let Some(message) = event.get("message") {
                    deltas.extend(usage(message));
                }
            }
            Some("content_block_start") => {
                if let Some(block) = event.get("content_block") {
                    // Some servers do not end blocks, and give all the same number.
                    if let Some(before) = self.open.remove(&index) {
                        before.end(deltas);
                    }
                    let block = Block::begin(index, block, &mut self.call_count, deltas);
                    self.open.insert(index, block);
                }
            }
            Some("content_block_delta") => {
                if let Some(delta) = event.get("delta") {
                    // Some servers omit the beginning of a text. A call without one has no name.
                    let block = self.open.entry(index).or_insert(Block::Text);
                    block.add(index, delta, deltas);
                }
            }
            Some("content_block_stop") => {
                if let Some(block) = self.open.remove(&index) {
                    block.end(deltas);
                }
            }
            Some("message_delta") => {
                if let Some(delta) = event.get("delta") {
                    self.end_message(delta, deltas);
                }
                deltas.extend(usage(event));
            }
            Some("message_stop") => deltas.push(Delta::End),
            Some("message") => self.decode_message(event, deltas),
            _ => {}
        }
    }

    /// A complete message.
    fn decode_message(&mut self, message: Json<'_>, deltas: &mut Vec<Delta>) {
        let blocks = message.get("content").map(Json::items).unwrap_or_default();
        for (index, block) in (0..).zip(blocks) {
            if let Some(text) = block.piece() {
                deltas.push(Delta::Text(text));
                continue;
            }
            Block::begin(index, block, &mut self.call_count, deltas).end(deltas);
        }
        self.end_message(message, deltas);
        deltas.extend(usage(message));
        deltas.push(Delta::End);
    }

    fn end_message(&mut self, message: Json<'_>, deltas: &mut Vec<Delta>) {
        let reason = message.text_at("stop_reason");
        let Some(finish) = reason.and_then(|reason| parse_finish(&reason)) else {
            return;
        };
        for block in std::mem::take(&mut self.open).into_values() {
            block.end(deltas);
        }
        deltas.push(Delta::Finish(finish));
    }
}

/// The tokens that were read include those from the cache.
fn usage(message: Json<'_>) -> Option<Delta> {
    let usage = message.get("usage")?;
    let count = |name| usage.get(name).and_then(Json::count);
    let cached = ["cache_creation_input_tokens", "cache_read_input_tokens"];
    let cached: u64 = cached.into_iter().filter_map(count).sum();
    Some(Delta::Usage {
        input: count("input_tokens").map(|tokens| tokens.saturating_add(cached)),
        cached_input: count("cache_read_input_tokens"),
        output: count("output_tokens"),
    })
}
