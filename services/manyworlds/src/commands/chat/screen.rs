//! What the chat has on the terminal: finished rows that scroll away, and rows below them that change, above the
//! line that is being typed.
//!
//! Nothing here writes. [`Screen::redraw`] gives what is to be written where the prompt begins, and the editor of the
//! line writes it whenever it draws its prompt: so two never write at once.

mod row;

use std::mem;

use self::row::{shorten, split_row, width};

/// A terminal is taken for no narrower than this.
const COLUMNS_MIN: usize = 20;

/// The rows above the prompt.
pub(super) struct Screen {
    columns: usize,
    /// Finished rows that are not on the terminal yet.
    finished: String,
    /// The row that is being written.
    row: String,
    /// Whether rows of the same text have been finished before it.
    is_continued: bool,
    /// Whether a line break has begun it: then it is a row although it is empty.
    is_begun: bool,
    /// What changes, below it.
    state: Vec<String>,
    /// So many rows on the terminal are to be replaced.
    replaceable: usize,
    is_changed: bool,
}

impl Screen {
    pub(super) fn new(columns: usize) -> Self {
        Self {
            columns: columns.max(COLUMNS_MIN),
            finished: String::new(),
            row: String::new(),
            is_continued: false,
            is_begun: false,
            state: Vec::new(),
            replaceable: 0,
            is_changed: true,
        }
    }

    /// How wide the terminal is from now on.
    pub(super) fn set_columns(&mut self, columns: usize) {
        self.columns = columns.max(COLUMNS_MIN);
    }

    /// Adds text to the row that is being written, and begins others where it does not fit.
    pub(super) fn write(&mut self, text: &str) {
        let mut parts = text.split('\n');
        if let Some(first) = parts.next() {
            self.extend_row(first);
        }
        for part in parts {
            self.finish_row();
            (self.is_continued, self.is_begun) = (true, true);
            self.extend_row(part);
        }
        self.is_changed = true;
    }

    /// Finishes what is being written.
    pub(super) fn end(&mut self) {
        self.finish_row();
        self.is_continued = false;
        self.is_changed = true;
    }

    /// Adds a text of rows of its own, above what is being written as far as that is one row. A longer one is
    /// interrupted: then the result is true, and what follows begins in a new row.
    pub(super) fn insert(&mut self, text: &str) -> bool {
        let is_interrupted = self.is_continued;
        if is_interrupted {
            self.end();
        }
        let row = mem::take(&mut self.row);
        self.write(text);
        self.end();
        self.row = row;
        is_interrupted
    }

    /// The rows that change: one row each, cut off where they are longer.
    pub(super) fn set_state(&mut self, state: Vec<String>) {
        if self.state != state {
            self.state = state;
            self.is_changed = true;
        }
    }

    /// What brings the terminal up to date, written where the prompt begins.
    pub(super) fn redraw(&mut self) -> String {
        if !mem::take(&mut self.is_changed) {
            return String::new();
        }
        let mut drawn = erase(self.replaceable);
        drawn.push_str(&mem::take(&mut self.finished));
        let row = Some(&self.row).filter(|row| !row.is_empty());
        let state = self.state.iter().map(|row| shorten(row, self.columns - 1));
        let rows: Vec<String> = row.cloned().into_iter().chain(state).collect();
        for row in &rows {
            drawn.push_str(row);
            drawn.push('\n');
        }
        self.replaceable = rows.len();
        drawn
    }

    /// What takes a line that was typed off the terminal, with all that is replaceable above it, written in the row
    /// behind it.
    pub(super) fn take_back(&mut self, prompt: &str, line: &str) -> String {
        let rows = typed_rows(prompt, line, self.columns);
        self.is_changed = true;
        erase(mem::take(&mut self.replaceable) + rows)
    }

    /// What leaves the terminal as it is to stay, written where the prompt begins.
    pub(super) fn close(&mut self) -> String {
        self.set_state(Vec::new());
        self.end();
        self.redraw()
    }

    fn extend_row(&mut self, text: &str) {
        self.row.push_str(text);
        while let Some((full, rest)) = split_row(&self.row, self.columns - 1) {
            self.finished.push_str(&full);
            self.finished.push('\n');
            self.row = rest;
            self.is_continued = true;
        }
    }

    fn finish_row(&mut self) {
        if mem::take(&mut self.is_begun) || !self.row.is_empty() {
            self.finished.push_str(&mem::take(&mut self.row));
            self.finished.push('\n');
        }
    }
}

/// Moves up so many rows, and erases all from there.
fn erase(rows: usize) -> String {
    match rows {
        0 => "\r\x1b[J".to_owned(),
        rows => format!("\x1b[{rows}A\r\x1b[J"),
    }
}

/// How many rows a prompt and the line behind it take, as the line editor lays them out: a last row that is full is
/// followed by an empty one.
fn typed_rows(prompt: &str, line: &str, columns: usize) -> usize {
    let (mut rows, mut column) = (1, 0);
    for character in prompt.chars().chain(line.chars()) {
        if character == '\n' {
            (rows, column) = (rows + 1, 0);
            continue;
        }
        let mut buffer = [0; 4];
        let wide = width(character.encode_utf8(&mut buffer));
        column += wide;
        if column > columns {
            (rows, column) = (rows + 1, wide);
        }
    }
    rows + usize::from(column == columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: &str = "\r\x1b[J";

    #[test]
    fn what_is_finished_is_written_once_and_what_changes_is_replaced() {
        let mut screen = Screen::new(30);
        screen.write("ada: He");
        screen.set_state(vec!["bob thinks".to_owned()]);
        assert_eq!(screen.redraw(), format!("{NOTHING}ada: He\nbob thinks\n"));
        assert_eq!(screen.redraw(), "");
        screen.write("llo.");
        screen.end();
        assert_eq!(screen.redraw(), "\x1b[2A\r\x1b[Jada: Hello.\nbob thinks\n");
        screen.set_state(Vec::new());
        assert_eq!(screen.redraw(), "\x1b[1A\r\x1b[J");
    }

    #[test]
    fn a_long_text_is_wrapped_at_spaces() {
        let mut screen = Screen::new(20);
        screen.write("one two three four");
        screen.write(" five");
        assert_eq!(
            screen.redraw(),
            format!("{NOTHING}one two three four\nfive\n")
        );
        screen.write("\n\nsix");
        screen.end();
        assert_eq!(screen.redraw(), "\x1b[1A\r\x1b[Jfive\n\nsix\n");
    }

    #[test]
    fn a_message_is_inserted_above_one_row_and_interrupts_more() {
        let mut screen = Screen::new(20);
        screen.write("ada: He");
        assert!(!screen.insert("mia: hi"));
        screen.write("llo there, all of you");
        assert_eq!(
            screen.redraw(),
            format!("{NOTHING}mia: hi\nada: Hello there,\nall of you\n")
        );
        assert!(screen.insert("mia: so"));
        screen.write("ada: again");
        assert_eq!(
            screen.redraw(),
            "\x1b[1A\r\x1b[Jall of you\nmia: so\nada: again\n"
        );
    }

    #[test]
    fn a_typed_line_is_taken_back_with_what_is_above_it() {
        for (line, rows) in [
            ("", 1),
            ("hello", 1),
            ("0123456789abcd", 2),
            ("0123456789abc", 2),
            ("0123456789ab", 1),
            ("0123456789abcdef", 2),
            ("one\ntwo", 2),
            ("日本日本日本日", 2),
        ] {
            let mut screen = Screen::new(20);
            screen.set_state(vec!["state".to_owned()]);
            screen.redraw();
            let expected = format!("\x1b[{}A\r\x1b[J", rows + 1);
            assert_eq!(screen.take_back("guest> ", line), expected, "{line}");
            assert_eq!(screen.redraw(), format!("{NOTHING}state\n"));
        }
    }

    #[test]
    fn nothing_that_changes_stays_at_the_end() {
        let mut screen = Screen::new(40);
        screen.write("ada: He");
        screen.set_state(vec!["ada thinks".to_owned()]);
        screen.redraw();
        assert_eq!(screen.close(), "\x1b[2A\r\x1b[Jada: He\n");
    }
}
