//! The text of a message, and its reasoning.

use crate::delta::Delta;
use crate::json::Json;
use crate::piece::Piece;

/// The text, the reasoning and the refusal of a message, or of a piece of one.
pub(super) fn write_content(message: Json<'_>, deltas: &mut Vec<Delta>) {
    // `reasoning` is the same text under the name that OpenRouter, Ollama and vLLM give it; servers
    // write one of them, or both.
    let reasoning = ["reasoning_content", "reasoning"]
        .iter()
        .find_map(|name| message.piece_at(name));
    deltas.extend(reasoning.map(Delta::Reasoning));
    deltas.extend(message.piece_at("refusal").map(Delta::Refusal));
    let Some(content) = message.get("content") else {
        return;
    };
    match content.piece() {
        Some(text) if !text.is_empty() => deltas.push(Delta::Text(text)),
        Some(_) => {}
        // Mistral and others: a list of parts.
        None => content
            .items()
            .into_iter()
            .for_each(|part| write_part(part, deltas)),
    }
}

fn write_part(part: Json<'_>, deltas: &mut Vec<Delta>) {
    if let Some(text) = part.piece() {
        deltas.push(Delta::Text(text));
        return;
    }
    let kind = part.text_at("type").unwrap_or_default();
    match kind.as_str() {
        _ if ["thinking", "reasoning", "thought"]
            .iter()
            .any(|name| kind.contains(name)) =>
        {
            let inner = ["thinking", "reasoning", "text", "summary"]
                .iter()
                .find_map(|name| part.get(name));
            let pieces = inner.map(texts).unwrap_or_default();
            deltas.extend(pieces.into_iter().map(Delta::Reasoning));
        }
        "refusal" => deltas.extend(part.piece_at("refusal").map(Delta::Refusal)),
        _ => deltas.extend(part.piece_at("text").map(Delta::Text)),
    }
}

/// A text, or a list of parts with texts.
fn texts(value: Json<'_>) -> Vec<Piece> {
    match value.piece() {
        Some(text) => vec![text],
        None => value
            .items()
            .into_iter()
            .filter_map(|part| part.piece().or_else(|| part.piece_at("text")))
            .collect(),
    }
}
