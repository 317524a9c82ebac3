//! Tags by which a model names the recipients of its answer.

use std::ops::Range;

use crate::text::strip_ignoring_case;

const OPENING: &str = "<world>";
const CLOSING: &str = "</world>";
const SILENCE: [&str; 3] = ["STOP", "DONE", "PASS"];
const TO: &str = "TO:";

/// What a tag means.
#[derive(Debug)]
pub(super) enum Tag<'a> {
    /// Nobody is addressed.
    Silence,
    /// These are addressed.
    To(Vec<&'a str>),
}

/// The first tag of a text that has content, and where it stands. The case of its letters does
/// not matter; a space before its first word does: then it is text.
pub(super) fn first_tag(text: &str) -> Option<(Range<usize>, Tag<'_>)> {
    text.match_indices('<').find_map(|(start, _)| {
        let inside = strip_ignoring_case(&text[start..], OPENING)?;
        let inside = &inside[..inside.find('<')?];
        let end = start + OPENING.len() + inside.len();
        strip_ignoring_case(&text[end..], CLOSING)?;
        Some((start..end + CLOSING.len(), parse(inside)?))
    })
}

fn parse(inside: &str) -> Option<Tag<'_>> {
    if SILENCE.iter().any(|word| inside.eq_ignore_ascii_case(word)) {
        return Some(Tag::Silence);
    }
    let names = strip_ignoring_case(inside, TO)?
        .split([',', '\n'])
        .map(|name| name.trim().trim_start_matches('@'))
        .filter(|name| !name.is_empty());
    Some(Tag::To(names.collect()))
}
