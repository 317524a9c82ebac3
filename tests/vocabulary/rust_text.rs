//! Rust source, split into code, string literals and comments.

/// One line of a source file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// Without comments; a string literal is `""`.
    pub(crate) code: String,
    pub(crate) strings: String,
    pub(crate) comment: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Code,
    LineComment,
    /// How many comments are open: they nest.
    BlockComment(usize),
    Text,
    /// How many `#` end it.
    RawText(usize),
}

/// The lines of a Rust source file. What is in a string is no comment, and the reverse.
pub(crate) fn lines(source: &str) -> Vec<Line> {
    let mut splitter = Splitter {
        state: State::Code,
        lines: vec![Line::default()],
    };
    let mut rest = source;
    while !rest.is_empty() {
        let length = splitter.step(rest);
        rest = &rest[length..];
    }
    splitter.lines
}

struct Splitter {
    state: State,
    lines: Vec<Line>,
}

impl Splitter {
    /// Takes what stands at the beginning of `rest`, and returns its length in bytes.
    fn step(&mut self, rest: &str) -> usize {
        if rest.starts_with('\n') {
            if self.state == State::LineComment {
                self.state = State::Code;
            }
            self.lines.push(Line::default());
            return 1;
        }
        match self.state {
            State::Code => self.step_in_code(rest),
            State::LineComment => self.push(rest, 1),
            State::BlockComment(open) => self.step_in_comment(rest, open),
            State::Text if rest.starts_with('\\') => self.push(rest, 2),
            State::Text if rest.starts_with('"') => self.end_text(1),
            State::Text => self.push(rest, 1),
            State::RawText(marks) => {
                let end = format!("\"{}", "#".repeat(marks));
                match rest.starts_with(&end) {
                    true => self.end_text(end.len()),
                    false => self.push(rest, 1),
                }
            }
        }
    }

    fn step_in_code(&mut self, rest: &str) -> usize {
        if rest.starts_with("//") {
            self.state = State::LineComment;
            return 2;
        }
        if rest.starts_with("/*") {
            self.state = State::BlockComment(1);
            return 2;
        }
        if rest.starts_with('"') {
            self.state = State::Text;
            return self.push_code("\"");
        }
        if let Some(marks) = self.raw_text(rest) {
            self.state = State::RawText(marks);
            self.push_code("\"");
            return marks + 2;
        }
        match rest.starts_with('\'') {
            true => self.push(rest, character(rest)),
            false => self.push(rest, 1),
        }
    }

    fn step_in_comment(&mut self, rest: &str, open: usize) -> usize {
        let next = match rest {
            _ if rest.starts_with("/*") => open + 1,
            _ if rest.starts_with("*/") => open - 1,
            _ => return self.push(rest, 1),
        };
        self.state = match next {
            0 => State::Code,
            open => State::BlockComment(open),
        };
        2
    }

    /// How many `#` a raw string that begins here has.
    fn raw_text(&self, rest: &str) -> Option<usize> {
        let marked = rest.strip_prefix('r')?;
        let marks = marked.len() - marked.trim_start_matches('#').len();
        let code = &self.lines.last()?.code;
        let code = code.strip_suffix('b').unwrap_or(code);
        let within_a_name = code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        (marked[marks..].starts_with('"') && !within_a_name).then_some(marks)
    }

    fn end_text(&mut self, length: usize) -> usize {
        self.state = State::Code;
        self.line().strings.push(' ');
        self.push_code("\"");
        length
    }

    fn push_code(&mut self, code: &str) -> usize {
        self.line().code.push_str(code);
        code.len()
    }

    /// Adds so many characters of `rest` to what the state stands for; returns their length in bytes.
    fn push(&mut self, rest: &str, count: usize) -> usize {
        let length = rest.chars().take(count).map(char::len_utf8).sum();
        let state = self.state;
        let line = self.line();
        let part = match state {
            State::Code => &mut line.code,
            State::LineComment | State::BlockComment(_) => &mut line.comment,
            State::Text | State::RawText(_) => &mut line.strings,
        };
        // An escaped end of line, and what is escaped, separates words.
        match rest.starts_with('\\') && state == State::Text {
            true => part.push(' '),
            false => part.push_str(&rest[..length]),
        }
        if state == State::Text && rest.starts_with("\\\n") {
            self.lines.push(Line::default());
        }
        length
    }

    #[expect(clippy::unwrap_used, reason = "there is always a line")]
    fn line(&mut self) -> &mut Line {
        self.lines.last_mut().unwrap()
    }
}

/// How many characters a character literal has; 1, when it is a lifetime.
fn character(rest: &str) -> usize {
    let mut after = rest.chars().skip(1);
    match (after.next(), after.next()) {
        (Some('\\'), _) => {
            let end = rest.chars().skip(3).position(|c| c == '\'');
            end.map_or(1, |end| end + 4)
        }
        (_, Some('\'')) => 3,
        _ => 1,
    }
}
