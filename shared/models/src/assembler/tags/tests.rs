//! Texts with tags, in every split.

use super::*;

/// The text and the reasoning of pieces. A retraction turns the text so far into reasoning.
fn split<'a>(pieces: impl IntoIterator<Item = &'a str>) -> (String, String) {
    let mut splitter = TagSplitter::default();
    let mut segments: Vec<Segment> = Vec::new();
    for piece in pieces {
        segments.extend(splitter.push(piece));
    }
    segments.extend(splitter.finish());
    let (mut text, mut reasoning) = (String::new(), String::new());
    for segment in segments {
        match segment {
            Segment::Text(more) => text.push_str(&more),
            Segment::Reasoning(more) => reasoning.push_str(&more),
            Segment::Retraction => reasoning.push_str(&std::mem::take(&mut text)),
        }
    }
    (text, reasoning)
}

fn check(input: &str, text: &str, reasoning: &str) {
    let expected = (text.to_owned(), reasoning.to_owned());
    assert_eq!(split([input]), expected, "{input:?}");
    let characters: Vec<String> = input.chars().map(String::from).collect();
    let pieces = characters.iter().map(String::as_str);
    assert_eq!(split(pieces), expected, "{input:?}, in characters");
    for (at, _) in input.char_indices() {
        let (start, end) = input.split_at(at);
        assert_eq!(split([start, end]), expected, "{input:?}, split at {at}");
    }
}

#[test]
fn reasoning_at_the_beginning_is_no_text() {
    check(
        "<think>\nHm.\n</think>\n\nHello there!",
        "Hello there!",
        "\nHm.\n",
    );
    check(" \n<think>a</think>b", "b", "a");
    check("<THINK>a</Think> b ", "b ", "a");
    check("<think>a</think>\n<thinking>b</thinking>\nc", "c", "ab");
    check("[THINK]a[/THINK]b", "b", "a");
    check("◁think▷a◁/think▷b", "b", "a");
    check("<think>a < b </thin </think>c", "c", "a < b </thin ");
    check("<think><think>a</think></think>b", "b", "<think>a");
    check("<|START_THINKING|>a<|END_THINKING|>b", "b", "a");
    check(
        "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b",
        "b",
        "a<|end|><|start|>assistant",
    );
    check("<|channel|>final<|message|>b", "b", "");
}

#[test]
fn reasoning_that_is_not_closed_stays_reasoning() {
    check("<think>a\n@bob b", "", "a\n@bob b");
    check("<think>a</think", "", "a</think");
    check("<think>", "", "");
}

#[test]
fn reasoning_between_lines_is_no_text() {
    check("a\n<think>b</think>\nc", "a\nc", "b");
    check("a\n  <think>\nb", "a\n", "\nb");
}

#[test]
fn reasoning_whose_tag_was_in_the_prompt_is_taken_back() {
    check("Hm.\nYes.\n</think>\n\nHello!", "Hello!", "Hm.\nYes.\n");
    check("</think>Hello!", "Hello!", "");
    // Within a line.
    check("Hm. Yes.</think>Hello!", "Hello!", "Hm. Yes.");
    check("Hm.\nYes. </think>\n\nHello!", "Hello!", "Hm.\nYes. ");
    check("Hm. Yes.</Think> Hello!", "Hello!", "Hm. Yes.");
    check("Hm. Yes.</think>", "", "Hm. Yes.");
    check("a < b[/THINK]<b>c</b>", "<b>c</b>", "a < b");
    // Only one such tag is credible.
    check("<think>a</think>b\n</think>\nc", "b\n</think>\nc", "a");
}

#[test]
fn a_text_about_tags_is_text() {
    for text in [
        "Use `<think>` here.",
        "a <think> b </think>",
        "<b>a</b> <think>b</think>c",
        "It ends with </think> and a line.",
        "It ends with `</think>`, or with \"</think>\".",
        "It ends with </think>.",
        "a </thin",
        "a <",
        "<thin> air",
        "<",
        " \n a",
        "```\n<think>\nx\n</think>\n```\nb",
        "<b>bold</b>\n<thinker>",
        "",
    ] {
        check(text, text, "");
    }
}
