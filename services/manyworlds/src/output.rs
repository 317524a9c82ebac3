//! What a person or a program sees: colour on a terminal, plain lines and JSON elsewhere.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::terminal_text::{escape_json, neutralize};

/// The colours that agents get, in turn: none that is unreadable on black or on white.
const PALETTE: [&str; 5] = ["36", "35", "32", "33", "34"];

/// How something is shown on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Of less weight than the rest.
    Faint,
    /// Of more.
    Bold,
    /// Something went wrong.
    Error,
    /// The agent with this number.
    Agent(usize),
}

/// Where answers go (stdout) and notes (stderr). Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    color: bool,
    color_notes: bool,
    terminal: bool,
    cursor: bool,
}

impl Output {
    /// What suits the two streams. `NO_COLOR`, when set and not empty, is obeyed (no-color.org).
    pub(crate) fn new(json: bool) -> Self {
        let cursor = std::env::var_os("TERM").is_some_and(|term| {
            !["", "dumb", "cons25", "emacs"]
                .iter()
                .any(|simple| term == *simple)
        });
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let terminal = io::stdout().is_terminal();
        Self {
            json,
            color: wanted && terminal && !json,
            color_notes: wanted && io::stderr().is_terminal(),
            terminal: terminal && !json,
            cursor,
        }
    }

    /// Whether programs read this.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Whether a person reads this as it appears.
    pub(crate) fn is_terminal(self) -> bool {
        self.terminal
    }

    /// Whether the cursor of the terminal can be moved.
    pub(crate) fn has_cursor(self) -> bool {
        self.cursor
    }

    /// `text` without control characters of others, for where the answers go.
    pub(crate) fn clean(self, text: &str) -> Cow<'_, str> {
        neutralize(text, self.color)
    }

    /// `text` in this style, where the answers go.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        paint(self.color, style, text)
    }

    /// `text` in this style, where the notes go.
    pub(crate) fn paint_note(self, style: Style, text: &str) -> String {
        paint(self.color_notes, style, text)
    }

    /// One line of the answer.
    pub(crate) fn line(self, text: &str) -> io::Result<()> {
        self.piece(&format!("{text}\n"))
    }

    /// A part of a line of the answer, shown at once.
    pub(crate) fn piece(self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(neutralize(text, self.color).as_bytes())?;
        stdout.flush()
    }

    /// A value as JSON: in one line for programs, readable for people.
    pub(crate) fn json(self, value: &impl Serialize) -> io::Result<()> {
        let text = if self.json {
            serde_json::to_string(value)
        } else {
            serde_json::to_string_pretty(value)
        };
        self.line(&escape_json(&text?))
    }

    /// One line beside the answer. A note that can't be shown is no reason to stop.
    pub(crate) fn note(self, text: &str) {
        let text = neutralize(text, self.color_notes);
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// A question that waits for a line.
    pub(crate) fn prompt(self, text: &str) -> io::Result<()> {
        self.piece(&self.paint(Style::Bold, text))
    }
}

fn paint(color: bool, style: Style, text: &str) -> String {
    if !color {
        return text.to_owned();
    }
    let code = match style {
        Style::Faint => "2",
        Style::Bold => "1",
        Style::Error => "31",
        Style::Agent(index) => PALETTE[index % PALETTE.len()],
    };
    // Colours of others would look like ours.
    let text = neutralize(text, false);
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// Items page by page: programs get each as it comes, people a table of all.
pub(crate) struct Listing {
    output: Output,
    rows: Vec<Vec<String>>,
}

impl Listing {
    pub(crate) fn new<const COLUMNS: usize>(output: Output, titles: [&str; COLUMNS]) -> Self {
        let rows = vec![titles.map(str::to_owned).into()];
        Self { output, rows }
    }

    pub(crate) fn add(
        &mut self,
        item: &impl Serialize,
        row: impl FnOnce() -> anyhow::Result<Vec<String>>,
    ) -> anyhow::Result<()> {
        match self.output.is_json() {
            true => self.output.json(item)?,
            false => self.rows.push(row()?),
        }
        Ok(())
    }

    /// Shows the table.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        if !self.output.is_json() {
            for line in table(&self.rows) {
                self.output.line(&line)?;
            }
        }
        Ok(())
    }
}

/// Rows as columns of equal width, the first row being their titles.
pub(crate) fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths);
            let line: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            line.join("  ").trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_longest_cell() {
        let rows = [["ID", "NAME"], ["lobby", "The Lobby"], ["x", "Ä"]]
            .map(|row| row.map(str::to_owned).into());
        assert_eq!(
            table(&rows),
            ["ID     NAME", "lobby  The Lobby", "x      Ä"]
        );
    }

    #[test]
    fn without_colour_text_stays_as_it_is() {
        assert_eq!(paint(false, Style::Agent(7), "ada"), "ada");
        assert_eq!(paint(true, Style::Agent(7), "ada"), "\x1b[32mada\x1b[0m");
    }
}
