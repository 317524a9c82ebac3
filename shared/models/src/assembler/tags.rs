//! Reasoning that a server leaves in the text, in tags.

/// The tags of reasoning, as the templates of models write them.
const TAGS: [(&str, &str); 9] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("[think]", "[/think]"),
    ("◁think▷", "◁/think▷"),
    ("<|start_thinking|>", "<|end_thinking|>"),
    // The channels of gpt-oss, where a server does not read them.
    (
        "<|channel|>analysis<|message|>",
        "<|channel|>final<|message|>",
    ),
];

/// What follows a tag that a text is about.
const PUNCTUATION: &str = ".,;:!?`'\"”’»)";
/// What comes before it.
const QUOTES: &str = "`'\"“‘«(";

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
/// Only the end of reasoning whose beginning was in the prompt may be within a line.
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
    /// The text is about tags: none within a line counts.
    is_about_tags: bool,
    /// The last character of the text.
    last: Option<char>,
}

/// A tag within a line.
enum InnerTag {
    None,
    /// What begins here may be one.
    Pending(usize),
    /// Reasoning ends here, with a tag of this length.
    End(usize, usize),
    /// The text is about tags.
    Mention,
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
            is_about_tags: false,
            last: None,
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
        let is_tag = TAGS
            .iter()
            .any(|(_, closing)| rest.eq_ignore_ascii_case(closing));
        Some(match self.closing {
            Some(_) => Segment::Reasoning(rest),
            None if is_tag && self.may_end_within_line() => Segment::Retraction,
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
                    self.retract(segments);
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
        let line = &self.pending[..end.unwrap_or(self.pending.len())];
        let tag = match self.may_end_within_line() {
            true => find_inner_tag(line, self.last),
            false => InnerTag::None,
        };
        match tag {
            InnerTag::None => self.take_text(line.len(), segments),
            InnerTag::Mention => {
                self.is_about_tags = true;
                self.take_text(line.len(), segments);
            }
            InnerTag::Pending(at) => {
                self.take_text(at, segments);
                return false;
            }
            InnerTag::End(at, length) => {
                self.take_text(at, segments);
                self.pending.drain(..length);
                self.retract(segments);
                self.line.clear();
                self.is_line_start = true;
                return true;
            }
        }
        if end.is_some() {
            self.is_in_code ^= self.line.starts_with("```") || self.line.starts_with("~~~");
            self.line.clear();
            self.is_line_start = true;
        }
        end.is_some()
    }

    /// Whether a tag within a line may end reasoning.
    fn may_end_within_line(&self) -> bool {
        !(self.is_in_code || self.has_reasoning || self.is_about_tags)
    }

    /// All text so far was reasoning, and has ended.
    fn retract(&mut self, segments: &mut Vec<Segment>) {
        if !self.is_start {
            segments.push(Segment::Retraction);
            self.is_start = true;
        }
        self.has_reasoning = true;
        self.is_behind_reasoning = true;
    }

    fn take_text(&mut self, length: usize, segments: &mut Vec<Segment>) {
        if length == 0 {
            return;
        }
        let text: String = self.pending.drain(..length).collect();
        self.last = text.chars().next_back();
        self.is_start &= text.trim().is_empty();
        if self.line.len() < 3 {
            let room = text.trim_start().chars().take(3);
            self.line.extend(room);
        }
        match segments.last_mut() {
            Some(Segment::Text(before)) => before.push_str(&text),
            _ => segments.push(Segment::Text(text)),
        }
    }
}

/// The first tag within a line, which follows the character `last`. One that opens reasoning, stands in
/// quotes, between spaces, or before a punctuation mark, is one that the text is about.
fn find_inner_tag(line: &str, last: Option<char>) -> InnerTag {
    let lower = line.to_ascii_lowercase();
    let tags = TAGS
        .iter()
        .flat_map(|(opening, closing)| [(*opening, false), (*closing, true)]);
    let first = tags
        .clone()
        .filter_map(|(tag, is_closing)| Some((lower.find(tag)?, tag.len(), is_closing)))
        .min();
    let Some((at, length, is_closing)) = first else {
        let partial = tags.map(|(tag, _)| partial_end(&lower, tag)).max();
        return match partial.unwrap_or_default() {
            0 => InnerTag::None,
            partial => InnerTag::Pending(line.len() - partial),
        };
    };
    let before = line[..at].chars().next_back().or(last).unwrap_or(' ');
    if !is_closing || QUOTES.contains(before) {
        return InnerTag::Mention;
    }
    match line[at + length..].chars().next() {
        None => InnerTag::Pending(at),
        Some(' ') if before == ' ' => InnerTag::Mention,
        Some(behind) if PUNCTUATION.contains(behind) => InnerTag::Mention,
        Some(_) => InnerTag::End(at, length),
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
