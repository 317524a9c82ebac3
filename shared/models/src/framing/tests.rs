//! Frames of bytes in every split.

use proptest::prelude::*;

use super::*;

/// The frames of a response that comes in these pieces, as their events and data.
fn frames<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<(String, String)> {
    let mut decoder = FrameDecoder::default();
    let mut frames = Vec::new();
    for piece in pieces {
        frames.extend(decoder.push(piece).unwrap());
    }
    frames.extend(decoder.finish());
    let pair = |frame: Frame| (frame.event, frame.data);
    frames.into_iter().map(pair).collect()
}

fn check(text: &str, expected: &[(&str, &str)]) {
    let bytes = text.as_bytes();
    let owned = |(event, data): &(&str, &str)| ((*event).to_owned(), (*data).to_owned());
    let expected: Vec<_> = expected.iter().map(owned).collect();
    assert_eq!(frames([bytes]), expected, "{text:?}");
    assert_eq!(frames(bytes.chunks(1)), expected, "{text:?}, in bytes");
    for at in 0..=bytes.len() {
        let (start, end) = bytes.split_at(at);
        assert_eq!(frames([start, end]), expected, "{text:?}, split at {at}");
    }
}

#[test]
fn events_end_with_any_line_ending() {
    let expected = [("", "one"), ("x", "two\nthree"), ("", "é😀")];
    for ending in ["\n", "\r", "\r\n"] {
        let lines = [
            ": comment",
            "data: one",
            "",
            "event: x",
            "data:two",
            "data: three",
            "id: 1",
            "retry: 5",
            "unknown",
            "",
            "",
            "data: é😀",
            "",
            "",
        ];
        check(&lines.join(ending), &expected);
        check(&format!("\u{FEFF}{}", lines.join(ending)), &expected);
    }
    // Without the empty line at the end, and without any end.
    check("data: one\n", &[("", "one")]);
    check("data: one", &[("", "one")]);
    check(
        "data: one\r\ndata: two\r\r\ndata\n\n",
        &[("", "one\ntwo"), ("", "")],
    );
}

#[test]
fn an_object_between_events_is_a_frame() {
    check(
        "data: one\n\n{\"error\": \"x\"}\n\ndata: [DONE]\n\n",
        &[("", "one"), ("", "{\"error\": \"x\"}"), ("", "[DONE]")],
    );
}

#[test]
fn an_error_in_a_field_of_its_own_is_a_frame() {
    check(
        "data: one\n\nerror: {\"code\":500}\n\ndata: [DONE]\n\n",
        &[("", "one"), ("error", "{\"code\":500}"), ("", "[DONE]")],
    );
}

#[test]
fn json_values_are_frames() {
    check("{\"a\": [1, {}]}", &[("", "{\"a\": [1, {}]}")]);
    check(
        "\n {\"a\":\n\"}\\\"{\"}\r\n{\"é\":2}",
        &[("", "{\"a\":\n\"}\\\"{\"}"), ("", "{\"é\":2}")],
    );
    check(
        "[{\"a\":1}\n,\r\n{\"b\":[]}]",
        &[("", "{\"a\":1}"), ("", "{\"b\":[]}")],
    );
    check("{\"a\":1}\n{\"b\":", &[("", "{\"a\":1}"), ("", "{\"b\":")]);
    check(
        "{}nonsense\n{}",
        &[("", "{}"), ("", "nonsense"), ("", "{}")],
    );
    check("  \r\n", &[]);
}

#[test]
fn a_page_and_an_endless_response_are_errors() {
    let mut decoder = FrameDecoder::default();
    assert_eq!(decoder.push(b"\n<!doctype html>"), Err(FrameError::Page));
    assert!(decoder.head().contains("doctype"));
    let mut decoder = FrameDecoder::default();
    let line = vec![b'x'; BODY_BYTES_MAX];
    assert_eq!(decoder.push(&line), Ok(Vec::new()));
    assert_eq!(decoder.push(b"x"), Err(FrameError::TooLarge));
}

proptest! {
    #[test]
    fn frames_do_not_depend_on_the_split(
        lines in prop::collection::vec("(data: |event: |: |\\{|)[a-zé😀\"\\[\\]{}]{0,4}", 0..12),
        endings in prop::collection::vec(prop::sample::select(vec!["\n", "\r", "\r\n", "\n\n"]), 12),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let text: String = lines.iter().zip(&endings).flat_map(|(line, end)| [line.as_str(), *end]).collect();
        let bytes = text.as_bytes();
        prop_assume!(!text.trim_start().starts_with('<'));
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
        prop_assert_eq!(frames(pieces), frames([bytes]));
    }
}
