//! Texts of agents and worlds, as a terminal may show them.
//!
//! A terminal obeys what it shows: an escape sequence moves the cursor, rewrites lines, sets the clipboard or the
//! title, and some answer as if the person had typed. So no control character of others reaches it.

use std::borrow::Cow;

/// The sequences that [`paint`](crate::output::Output::paint) writes: colours and weights, which change nothing else.
const COLORS: [&str; 9] = [
    "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[34m", "\x1b[35m",
    "\x1b[36m",
];

/// The text with a picture in place of each control character but line breaks and tabs. Where colours are
/// shown, those of our own stay.
pub(crate) fn neutralize(text: &str, keeps_colors: bool) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_unsafe) {
        let (before, from) = rest.split_at(at);
        shown.push_str(before);
        let color = COLORS
            .into_iter()
            .find(|color| keeps_colors && from.starts_with(color));
        rest = match color {
            Some(color) => {
                shown.push_str(color);
                &from[color.len()..]
            }
            None => {
                let mut characters = from.chars();
                shown.extend(characters.next().map(picture));
                characters.as_str()
            }
        };
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// JSON with an escape in place of each such character: to programs it is the same.
pub(crate) fn escape_json(json: &str) -> Cow<'_, str> {
    if !json.contains(is_unsafe) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        match is_unsafe(character) {
            true => escaped.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => escaped.push(character),
        }
    }
    Cow::Owned(escaped)
}

/// Control characters, and those that turn the direction of what follows.
fn is_unsafe(character: char) -> bool {
    let is_layout = matches!(character, '\n' | '\t');
    let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (character.is_control() && !is_layout) || turns
}

fn picture(character: char) -> char {
    let picture = match character {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(character)),
        '\x7f' => Some('\u{2421}'),
        _ => None,
    };
    picture.unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_is_shown() {
        for (text, shown) in [
            ("plain\ttext\nÄ 😀", "plain\ttext\nÄ 😀"),
            ("\x1b]0;title\x07", "␛]0;title␇"),
            ("\x1b[2J\x1b[31mred", "␛[2J␛[31mred"),
            ("over\rwritten\x08", "over␍written␈"),
            ("\u{9b}2J\x7f", "\u{fffd}2J␡"),
            ("abc\u{202e}cba", "abc\u{fffd}cba"),
        ] {
            assert_eq!(neutralize(text, false), shown);
        }
        assert_eq!(
            neutralize("\x1b[32mada\x1b[0m\x1b[2J\x1b[1;31m", true),
            "\x1b[32mada\x1b[0m␛[2J␛[1;31m"
        );
    }

    #[test]
    fn json_stays_what_it_is() {
        let text = "\u{9b}2J\u{202e}\x7f\x1b";
        let json = serde_json::to_string(text).unwrap();
        let escaped = escape_json(&json);
        assert!(!escaped.contains(is_unsafe), "{escaped}");
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }
}
