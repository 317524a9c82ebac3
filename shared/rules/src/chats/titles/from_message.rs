//! The title that a person's message gives its chat, without a model.

use super::limits::{ELLIPSIS, NEW_CHAT};
use crate::text::strip_ignoring_case;

/// How many words of a message may be in a title.
const WORDS_MAX: usize = 8;
/// How many are left when those are too long together.
const WORDS_WHEN_LONG_MAX: usize = 5;
/// A title longer than this is cut again.
const CHARACTERS_MAX: usize = 50;
/// What ends a sentence.
const STOPS: [char; 3] = ['.', '!', '?'];
const GREETINGS: [&str; 3] = ["hello", "hi", "hey"];
const INTRODUCTIONS: [&str; 3] = ["i am", "i'm", "i 'm"];
const INTENTIONS: [&str; 3] = ["let me", "i'll", "i will"];

/// The first words of a message, without how it greets and how it leads up to its matter. Dots
/// behind them mean that there is more. A message without content makes it [`NEW_CHAT`].
pub(super) fn from_message(message: &str) -> String {
    let cleaned = cleaned(message);
    let words: Vec<&str> = cleaned.split_whitespace().take(WORDS_MAX).collect();
    let title = fitting(&words);
    let title = title.trim_end_matches([',', ';', ':']);
    if title.is_empty() {
        return NEW_CHAT.to_owned();
    }
    let title_words = title.split_whitespace().count();
    let is_cut = message.split_whitespace().nth(title_words).is_some();
    if is_cut || words.len() > WORDS_WHEN_LONG_MAX {
        format!("{title}{ELLIPSIS}")
    } else {
        title.to_owned()
    }
}

fn cleaned(message: &str) -> String {
    let text = message.trim();
    let text = match after_phrase(text, &GREETINGS) {
        Some(rest) => rest
            .strip_prefix([',', '!', '.'])
            .unwrap_or(rest)
            .trim_start(),
        None => text,
    };
    let text = after_phrase(text, &INTRODUCTIONS).unwrap_or(text);
    let text = after_phrase(text, &INTENTIONS).unwrap_or(text);
    text.replace('*', "")
        .trim_start()
        .trim_start_matches('#')
        .to_owned()
}

/// What follows one of the phrases. `History` does not begin with `Hi`.
fn after_phrase<'a>(text: &'a str, phrases: &[&str]) -> Option<&'a str> {
    phrases.iter().find_map(|phrase| {
        let rest = strip_ignoring_case(text, phrase)?;
        let ends_here = !rest.starts_with(|character: char| {
            character.is_alphanumeric() || matches!(character, '\'' | '-' | '_')
        });
        ends_here.then(|| rest.trim_start())
    })
}

/// The words; when they are too long together, their first sentence, or the first few of them.
fn fitting(words: &[&str]) -> String {
    let title = words.join(" ");
    if title.chars().count() <= CHARACTERS_MAX {
        return title;
    }
    let is_end = |word: &&str| word.ends_with(STOPS);
    if let Some(last) = words.iter().position(is_end) {
        let sentence = words[..=last].join(" ");
        if sentence.chars().count() <= CHARACTERS_MAX {
            return sentence.trim_end_matches(STOPS).to_owned();
        }
    }
    words[..words.len().min(WORDS_WHEN_LONG_MAX)].join(" ")
}
