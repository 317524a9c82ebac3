//! Reasoning that a server leaves in the text, in tags.

/// The tags of reasoning, as the templates of models write them.
const TAGS: [(&str, &str); 7] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("[think]", "[/think]"),
    ("◁think▷", "◁/think▷"),
];

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Text(String),
    Reasoning(String),
    /// All text so far was reasoning: the tag that opens it was in the prompt, and is not repeated.
    Retraction,
}

/// Splits reasoning in tags from the text, in whatever pieces it comes.
///
/// A tag counts at the beginning of a line only, and not in a block of code: a text may be about tags.
#[derive(Debug)]
pub(super) struct TagSplitter {
    /// What could be the beginning of a tag, or white space before one.
    pending: String,
    /// The tag that closes the reasoning; `None` in the text.
    closing: Option<&'static str>,
    is_line_start: bool,
    /// No text yet.
    is_start: bool,
    /// Reasoning has ended: white space that follows it is not text.
    is_behind_reasoning: bool,
    has_reasoning: bool,
    /// The first characters of the line.
    line: String,
    is_in_code: bool,
}

impl Default for TagSplitter {
    fn default() -> Self {
        Self {
            pending: String::new(),
            closing: None,
            is_line_start: true,
            is_start: true,
            is_behind_reasoning: false,
            has_reasoning: false,
            line: String::new(),
            is_in_code: false,
        }
    }
}

impl TagSplitter {
    /// Whether anything came.
    pub(super) fn has_begun(&self) -> bool {
        !self.is_start || self.has_reasoning || !self.pending.is_empty()
    }

    pub(super) fn push(&mut self, text: &str) -> Vec<Segment> {
        self.pending.push_str(text);
        let mut segments = Vec::new();
        while !self.pending.is_empty() {
            let has_moved = match self.closing {
                Some(closing) => self.read_reasoning(closing, &mut segments),
                None if self.is_line_start => self.read_line_start(&mut segments),
                None => self.read_line(&mut segments),
            };
            if !has_moved {
                break;
            }
        }
        segments
    }

    /// What was held back. Reasoning that is not closed stays reasoning.
    pub(super) fn finish(&mut self) -> Option<Segment> {
        let rest = std::mem::take(&mut self.pending);
        let is_blank = self.is_behind_reasoning && rest.trim().is_empty();
        if rest.is_empty() || is_blank {
            return None;
        }
        Some(match self.closing {
            Some(_) => Segment::Reasoning(rest),
            None => Segment::Text(rest),
        })
    }

    /// Reads reasoning up to the tag that closes it. Returns whether there is more to read.
    fn read_reasoning(&mut self, closing: &'static str, segments: &mut Vec<Segment>) -> bool {
        let lower = self.pending.to_ascii_lowercase();
        let found = lower.find(closing);
        let end = found.unwrap_or_else(|| lower.len() - partial_end(&lower, closing));
        let reasoning: String = self.pending.drain(..end).collect();
        if !reasoning.is_empty() {
            segments.push(Segment::Reasoning(reasoning));
        }
        if found.is_some() {
            self.pending.drain(..closing.len());
            self.closing = None;
            self.is_behind_reasoning = true;
            self.is_line_start = true;
            self.line.clear();
        }
        found.is_some()
    }

    /// Decides what a line begins with. Returns whether it is known yet.
    fn read_line_start(&mut self, segments: &mut Vec<Segment>) -> bool {
        if self.is_behind_reasoning {
            let blank = self.pending.len() - self.pending.trim_start().len();
            self.pending.drain(..blank);
        }
        let is_blank = |letter: char| match self.is_start {
            true => letter.is_whitespace(),
            false => letter == ' ' || letter == '\t',
        };
        let rest = self
            .pending
            .trim_start_matches(is_blank)
            .to_ascii_lowercase();
        let indent = self.pending.len() - rest.len();
        if rest.is_empty() {
            return false;
        }
        if !self.is_in_code {
            for (opening, closing) in TAGS {
                if rest.starts_with(opening) {
                    self.pending.drain(..indent + opening.len());
                    self.closing = Some(closing);
                    self.has_reasoning = true;
                    return true;
                }
                if rest.starts_with(closing) && (self.is_start || !self.has_reasoning) {
                    self.pending.drain(..indent + closing.len());
                    if !self.is_start {
                        segments.push(Segment::Retraction);
                        self.is_start = true;
                    }
                    self.has_reasoning = true;
                    self.is_behind_reasoning = true;
                    return true;
                }
                if opening.starts_with(&rest) || closing.starts_with(&rest) {
                    return false;
                }
            }
        }
        self.is_behind_reasoning = false;
        self.is_line_start = false;
        true
    }

    /// Reads text up to the end of the line. Returns whether there is more to read.
    fn read_line(&mut self, segments: &mut Vec<Segment>) -> bool {
        let end = self.pending.find('\n').map(|end| end + 1);
        let text: String = self
            .pending
            .drain(..end.unwrap_or(self.pending.len()))
            .collect();
        self.is_start &= text.trim().is_empty();
        if self.line.len() < 3 {
            let room = text.trim_start().chars().take(3);
            self.line.extend(room);
        }
        if end.is_some() {
            self.is_in_code ^= self.line.starts_with("```") || self.line.starts_with("~~~");
            self.line.clear();
            self.is_line_start = true;
        }
        match segments.last_mut() {
            Some(Segment::Text(before)) => before.push_str(&text),
            _ => segments.push(Segment::Text(text)),
        }
        end.is_some()
    }
}

/// The length of the beginning of `tag` with which `text` ends.
fn partial_end(text: &str, tag: &str) -> usize {
    let lengths = tag.char_indices().map(|(at, _)| at).rev();
    lengths
        .filter(|length| *length > 0)
        .find(|length| text.ends_with(&tag[..*length]))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;
