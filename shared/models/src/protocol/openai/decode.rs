//! Decodes responses.

use super::call::{write_calls, write_message_calls};
use super::content::write_content;
use super::extra::message_extra;
use crate::delta::Delta;
use crate::error::{Error, ErrorKind, Retry, find_error};
use crate::framing::Frame;
use crate::json::Json;
use crate::protocol::decoder::{Decoder, not_json};
use crate::protocol::finish::{is_abort, parse_finish};

#[derive(Debug, Default)]
pub(in crate::protocol) struct OpenAiDecoder {
    /// Whether the response is streamed: a complete message that comes then repeats it.
    is_streamed: bool,
    /// The number of the choice that is read: the first that comes.
    choice: Option<u64>,
}

impl Decoder for OpenAiDecoder {
    fn decode(&mut self, frame: &Frame, deltas: &mut Vec<Delta>) -> Result<(), Error> {
        let data = frame.data.trim();
        if data.is_empty() {
            return Ok(());
        }
        let is_end = data == "[DONE]" || data.ends_with("\n[DONE]");
        if data != "[DONE]" {
            for json in Json::parse_all(data).map_err(|_| not_json(frame))? {
                if let Some(error) = find_error(json, frame.event == "error") {
                    return Err(error);
                }
                self.decode_chunk(json, deltas)?;
            }
        }
        if is_end {
            deltas.push(Delta::End);
        }
        Ok(())
    }
}

impl OpenAiDecoder {
    fn decode_chunk(&mut self, chunk: Json<'_>, deltas: &mut Vec<Delta>) -> Result<(), Error> {
        if !chunk.is_object() {
            let message = "the response of the model server is not a completion";
            return Err(Error::malformed(message));
        }
        let choices = chunk.get("choices").map(Json::items).unwrap_or_default();
        // One choice is requested.
        let choice = choices.into_iter().find(|choice| {
            let index = choice.get("index").and_then(Json::count);
            choice.is_object()
                && index.is_none_or(|index| *self.choice.get_or_insert(index) == index)
        });
        let mut content = Vec::new();
        let mut is_complete = false;
        if let Some(choice) = choice {
            if let Some(error) = choice.get("error").and_then(|_| find_error(choice, true)) {
                return Err(error);
            }
            is_complete = self.decode_choice(choice, &mut content)?;
        }
        if let Some(usage) = chunk
            .get("usage")
            .or_else(|| chunk.at(&["x_groq", "usage"]))
        {
            let count = |names: [&str; 2]| names.iter().find_map(|name| usage.get(name)?.count());
            deltas.push(Delta::Usage {
                input: count(["prompt_tokens", "input_tokens"]),
                cached_input: cached_tokens(usage),
                output: count(["completion_tokens", "output_tokens"]),
            });
        }
        // Counts beside a piece do not end the response: some servers write them, and an end, with each.
        deltas.extend(content);
        if is_complete {
            deltas.push(Delta::End);
        }
        Ok(())
    }

    /// Returns whether the choice is a complete response.
    fn decode_choice(&mut self, choice: Json<'_>, deltas: &mut Vec<Delta>) -> Result<bool, Error> {
        let message = choice.get("message");
        // Some servers write an empty piece beside a complete message.
        let delta = choice
            .get("delta")
            .filter(|delta| delta.is_object() && (message.is_none() || !delta.fields().is_empty()));
        let is_complete = message.is_some() && delta.is_none() && !self.is_streamed;
        match (delta, message) {
            (Some(delta), _) => {
                self.is_streamed = true;
                write_content(delta, deltas);
                write_calls(delta, deltas);
                deltas.push(Delta::Extra(message_extra(delta)));
            }
            (None, Some(message)) if is_complete => {
                write_content(message, deltas);
                write_message_calls(message, deltas);
                deltas.push(Delta::Extra(message_extra(message)));
            }
            _ => {}
        }
        if let Some(reason) = choice.text_at("finish_reason") {
            if is_abort(&reason) {
                let message = format!("the model server ended the response: {reason}");
                return Err(Error::new(
                    ErrorKind::Truncated,
                    Retry::WithBackoff,
                    message,
                ));
            }
            deltas.extend(parse_finish(&reason).map(Delta::Finish));
        }
        Ok(is_complete)
    }
}

/// The tokens that came from a cache, under the names of OpenAI and DeepSeek.
fn cached_tokens(usage: Json<'_>) -> Option<u64> {
    let paths: [&[&str]; 3] = [
        &["prompt_tokens_details", "cached_tokens"],
        &["input_tokens_details", "cached_tokens"],
        &["prompt_cache_hit_tokens"],
    ];
    paths.iter().find_map(|path| usage.at(path)?.count())
}
