//! Pages: no longer than what was asked for, and than what a message of NATS holds.

use contract::query::{PAGE_ROWS_MAX, QueryReply};
use serde::Serialize;

/// A message of NATS holds 1 MiB by default; the rest is for what is around the rows.
const BYTES_MAX: usize = 1000 * 1024;

/// How many rows a page has.
pub(super) fn limit(asked: u32) -> usize {
    asked.clamp(1, PAGE_ROWS_MAX) as usize
}

/// Rows of the database, the one first that a page must hold first, and whether more were there.
pub(super) struct Rows<Row> {
    rows: Vec<Row>,
    more: bool,
    reversed: bool,
}

impl<Row: Serialize> Rows<Row> {
    /// The first `limit` of `rows`. The database was asked for one more.
    pub(super) fn first(mut rows: Vec<Row>, limit: usize) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        Self {
            rows,
            more,
            reversed: false,
        }
    }

    /// Answers with the rows the other way round.
    pub(super) fn reversed(self) -> Self {
        Self {
            reversed: true,
            ..self
        }
    }

    /// The answer: the rows that fit in one message.
    pub(super) fn into_answer(mut self) -> QueryReply<Row> {
        let mut bytes = 0;
        let fitting = self.rows.iter().take_while(|row| {
            bytes += serde_json::to_vec(row).map_or(0, |json| json.len() + 1);
            bytes <= BYTES_MAX
        });
        let fitting = fitting.count();
        self.more |= fitting < self.rows.len();
        self.rows.truncate(fitting);
        if self.reversed {
            self.rows.reverse();
        }
        QueryReply::Rows {
            rows: self.rows,
            more: self.more,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: Rows<String>) -> (Vec<String>, bool) {
        match rows.into_answer() {
            QueryReply::Rows { rows, more } => (rows, more),
            _ => panic!("rows are an answer"),
        }
    }

    fn rows(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_page_says_whether_more_follow() {
        let exact = Rows::first(rows(&["a", "b"]), 2);
        assert_eq!(check(exact), (rows(&["a", "b"]), false));
        let cut = Rows::first(rows(&["c", "b", "a"]), 2).reversed();
        assert_eq!(check(cut), (rows(&["b", "c"]), true));
    }

    #[test]
    fn a_page_fits_in_a_message() {
        let long = "x".repeat(400 * 1024);
        let (kept, more) = check(Rows::first(vec![long; 3], 3));
        assert_eq!((kept.len(), more), (2, true));
    }
}
