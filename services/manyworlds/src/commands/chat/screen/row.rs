//! Rows of a terminal: how wide they are, where they break.

use unicode_width::UnicodeWidthChar as _;

/// How many columns a text takes. Colours take none.
pub(super) fn width(text: &str) -> usize {
    columns(text).map(|(_, columns)| columns).sum()
}

/// What fits into so many columns, and the rest; nothing when all of it fits. It breaks at the last space, or
/// anywhere when there is none.
pub(super) fn split_row(text: &str, columns_max: usize) -> Option<(String, String)> {
    let (mut taken, mut space) = (0, None);
    for (at, wide) in columns(text) {
        taken += wide;
        if taken > columns_max {
            let end = space.filter(|space| *space > 0).unwrap_or(at);
            let (full, rest) = text.split_at(end);
            let rest = rest.strip_prefix(' ').unwrap_or(rest);
            return Some((full.to_owned(), rest.to_owned()));
        }
        if text[at..].starts_with(' ') {
            space = Some(at);
        }
    }
    None
}

/// The text in one row of so many columns.
pub(super) fn shorten(text: &str, columns_max: usize) -> String {
    let text = text.replace('\n', " ");
    if width(&text) <= columns_max {
        return text;
    }
    let mut taken = 0;
    let end = columns(&text).find_map(|(at, wide)| {
        taken += wide;
        (taken >= columns_max).then_some(at)
    });
    let end = end.unwrap_or(text.len());
    // The colour ends with the row, if it has one.
    let reset = if text[..end].contains('\x1b') {
        "\x1b[0m"
    } else {
        ""
    };
    format!("{}…{reset}", &text[..end])
}

/// Where each character begins, and how many columns it takes.
fn columns(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut is_color = false;
    text.char_indices().map(move |(at, character)| {
        let wide = match character {
            '\x1b' => {
                is_color = true;
                0
            }
            _ if is_color => {
                is_color = character != 'm';
                0
            }
            // As the terminal shows it at most.
            '\t' => 8,
            _ => character.width().unwrap_or_default(),
        };
        (at, wide)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_take_no_column_and_some_characters_take_two() {
        for (text, expected) in [("ada", 3), ("\x1b[36mada\x1b[0m:", 4), ("日本", 4), ("", 0)] {
            assert_eq!(width(text), expected, "{text}");
        }
    }

    #[test]
    fn a_row_breaks_at_its_last_space_or_anywhere() {
        for (text, expected) in [
            ("12345 789", None),
            ("12345 7890", Some(("12345", "7890"))),
            ("1234567890", Some(("123456789", "0"))),
            ("日本日本日", Some(("日本日本", "日"))),
            (
                "\x1b[36mada\x1b[0m: abc de",
                Some(("\x1b[36mada\x1b[0m: abc", "de")),
            ),
        ] {
            let expected = expected.map(|(full, rest)| (full.to_owned(), rest.to_owned()));
            assert_eq!(split_row(text, 9), expected, "{text}");
        }
    }

    #[test]
    fn what_is_too_long_for_a_row_is_cut_off() {
        for (text, expected) in [
            ("12345", "12345"),
            ("123456", "1234…"),
            ("1\n2", "1 2"),
            ("\x1b[2m123456\x1b[0m", "\x1b[2m1234…\x1b[0m"),
        ] {
            assert_eq!(shorten(text, 5), expected, "{text}");
        }
    }
}
