//! Pages: no longer than the limit of the query, and no larger than a NATS message.

use contract::query::{PAGE_ROWS_MAX, QueryReply};
use serde::Serialize;

/// A NATS message holds 1 MiB by default; the rest is for the envelope around the rows.
const ROWS_SIZE_BYTES_MAX: usize = 1000 * 1024;

/// The most rows of a page, from the limit that a query requests.
pub(super) fn page_limit(requested: u32) -> usize {
    requested.clamp(1, PAGE_ROWS_MAX) as usize
}

/// Selected rows, in the order of the statement, and whether there are more.
pub(super) struct Page<Row> {
    rows: Vec<Row>,
    more: bool,
    reversed: bool,
}

impl<Row: Serialize> Page<Row> {
    /// The first `limit` of `rows`. The statement selects one more, to know whether there are more.
    pub(super) fn first(mut rows: Vec<Row>, limit: usize) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        Self {
            rows,
            more,
            reversed: false,
        }
    }

    /// These rows, and whether there are more.
    pub(super) fn new(rows: Vec<Row>, more: bool) -> Self {
        Self {
            rows,
            more,
            reversed: false,
        }
    }

    /// Replies with the rows in reverse order.
    pub(super) fn reversed(self) -> Self {
        Self {
            reversed: true,
            ..self
        }
    }

    /// The reply: the first rows that fit in one message.
    pub(super) fn into_reply(mut self) -> QueryReply<Row> {
        let mut size_bytes = 0;
        let fitting = self.rows.iter().take_while(|row| {
            size_bytes += serde_json::to_vec(row).map_or(0, |json| json.len() + 1);
            size_bytes <= ROWS_SIZE_BYTES_MAX
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

    fn check(page: Page<String>) -> (Vec<String>, bool) {
        match page.into_reply() {
            QueryReply::Rows { rows, more } => (rows, more),
            _ => panic!("the reply holds rows"),
        }
    }

    fn rows(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_page_states_whether_there_are_more() {
        let exact = Page::first(rows(&["a", "b"]), 2);
        assert_eq!(check(exact), (rows(&["a", "b"]), false));
        let truncated = Page::first(rows(&["c", "b", "a"]), 2).reversed();
        assert_eq!(check(truncated), (rows(&["b", "c"]), true));
    }

    #[test]
    fn a_page_fits_in_a_message() {
        let long = "x".repeat(400 * 1024);
        let (kept, more) = check(Page::first(vec![long; 3], 3));
        assert_eq!((kept.len(), more), (2, true));
    }
}
