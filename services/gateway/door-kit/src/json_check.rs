//! What can't be passed on as it is written, in a text that is JSON or nearly so. Pure.
//!
//! A value is stored as it was written, and each reader has a parser of its own: some fail, and some read
//! another value. So such values are refused at the edge, at every door.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::problem::Problem;

/// Levels of lists and objects within one another: what reads JSON here and elsewhere gives up behind some 128.
const DEPTH_MAX: usize = 100;
/// Digits of a number that can't be out of range.
const DIGITS_SURE: usize = 300;
/// What Python writes for numbers that JSON does not have.
const NO_NUMBERS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

/// A text that can't be passed on.
#[derive(Debug)]
pub struct InvalidJson {
    /// 422 with the path of the field.
    pub problem: Problem,
    /// Whether the text may be JSON all the same: what is none is refused by every parser.
    pub may_be_json: bool,
    /// The field `event_type` of the outermost object, if that comes before the value.
    pub event_type: Option<String>,
}

/// Why a value can't be passed on.
enum Fault {
    /// It is no JSON.
    Malformed(String),
    /// Not all parsers read it, or not alike.
    Ambiguous(String),
}

/// Checks that a text has only values that all who receive it read alike: no number that JSON does not have or
/// that is out of range, no half of a surrogate pair, no name twice in one object, no deeper nesting than others
/// read. What is no JSON in another way is found by the parser.
///
/// # Errors
/// [`InvalidJson`] with the path of the first value that is none of those.
pub fn check_json(text: &str) -> Result<(), InvalidJson> {
    let mut scanner = Scanner {
        text,
        at: 0,
        levels: Vec::new(),
        event_type: None,
    };
    while let Some(byte) = text.as_bytes().get(scanner.at) {
        if let Some(fault) = scanner.step(*byte) {
            let (may_be_json, reason) = match fault {
                Fault::Malformed(reason) => (false, reason),
                Fault::Ambiguous(reason) => (true, reason),
            };
            let problem = Problem::invalid(scanner.path(), reason);
            let field = problem.field.filter(|path| !path.is_empty());
            return Err(InvalidJson {
                problem: Problem { field, ..problem },
                may_be_json,
                event_type: scanner.event_type.map(str::to_owned),
            });
        }
    }
    Ok(())
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    levels: Vec<Level<'a>>,
    event_type: Option<&'a str>,
}

/// A list or an object that is open.
enum Level<'a> {
    List {
        index: usize,
    },
    Object {
        key: &'a str,
        awaits_key: bool,
        /// Those that have come.
        keys: HashSet<Cow<'a, str>>,
    },
}

impl<'a> Scanner<'a> {
    /// Reads the next token; the reason why it can't be passed on.
    fn step(&mut self, byte: u8) -> Option<Fault> {
        match byte {
            b'"' => return self.read_string(),
            b'-' | b'+' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => return self.read_word(),
            b'{' => self.levels.push(Level::Object {
                key: "",
                awaits_key: true,
                keys: HashSet::new(),
            }),
            b'[' => self.levels.push(Level::List { index: 0 }),
            b'}' | b']' => {
                self.levels.pop();
            }
            b',' => match self.levels.last_mut() {
                Some(Level::List { index }) => *index += 1,
                Some(Level::Object { awaits_key, .. }) => *awaits_key = true,
                None => {}
            },
            _ => {}
        }
        self.at += 1;
        let is_deep = self.levels.len() > DEPTH_MAX;
        is_deep.then(|| {
            let reason = format!("lists and objects are at most {DEPTH_MAX} deep");
            Fault::Ambiguous(reason)
        })
    }

    /// A number, or a word such as `true`.
    fn read_word(&mut self) -> Option<Fault> {
        let rest = &self.text[self.at..];
        let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        let length = rest.bytes().take_while(|byte| is_of_word(byte)).count();
        let word = &rest[..length];
        self.at += length;
        if NO_NUMBERS.contains(&word) {
            return Some(Fault::Malformed(format!(
                "{word} is no number in JSON: send null, a text, or leave it out"
            )));
        }
        let may_exceed = word.len() > DIGITS_SURE || word.contains(['e', 'E']);
        let is_number = word.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        if may_exceed && is_number && word.parse().is_ok_and(f64::is_infinite) {
            let shown: String = word.chars().take(40).collect();
            let reason = format!("the number {shown} is out of range");
            return Some(Fault::Ambiguous(reason));
        }
        None
    }

    fn read_string(&mut self) -> Option<Fault> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut at = start;
        let mut lone = None;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => break,
                b'\\' if bytes.get(at + 1) == Some(&b'u') => {
                    let second = || self.escape(at + 6);
                    at += match self.escape(at) {
                        Some(0xD800..=0xDBFF) if matches!(second(), Some(0xDC00..=0xDFFF)) => 12,
                        Some(0xD800..=0xDFFF) => {
                            lone = lone.or(Some(at));
                            6
                        }
                        _ => 2,
                    };
                }
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        // A text that is not closed ends with the frame; an escape may reach beyond it.
        let end = at.min(bytes.len());
        self.at = end + 1;
        let content = self.text.get(start..end).unwrap_or_default();
        let is_outermost = self.levels.len() == 1;
        let mut is_repeated = false;
        if let Some(Level::Object {
            key,
            awaits_key,
            keys,
        }) = self.levels.last_mut()
        {
            if std::mem::take(awaits_key) {
                *key = content;
                is_repeated = !keys.insert(unescaped(content));
            } else if is_outermost && *key == "event_type" {
                self.event_type = Some(content);
            }
        }
        if is_repeated {
            return Some(Fault::Ambiguous(format!("duplicate field `{content}`")));
        }
        let escape = self.text.get(lone?..lone? + 6)?;
        let reason = format!("{escape} is half of a surrogate pair, and no character");
        Some(Fault::Ambiguous(reason))
    }

    /// The code unit of an escape `\uXXXX` at this place.
    fn escape(&self, at: usize) -> Option<u16> {
        let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    }

    /// The path of the value that is being read.
    fn path(&self) -> String {
        let mut path = String::new();
        for level in &self.levels {
            match level {
                Level::List { index } => path.push_str(&format!("[{index}]")),
                Level::Object { key, .. } => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(key);
                }
            }
        }
        path
    }
}

/// The text between the quotes, without escapes: one name may be written in several ways.
fn unescaped(content: &str) -> Cow<'_, str> {
    if !content.contains('\\') {
        return Cow::Borrowed(content);
    }
    let parsed = serde_json::from_str::<String>(&format!("\"{content}\""));
    parsed.map_or(Cow::Borrowed(content), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_does_not_have_is_named_with_its_path() {
        for (text, field, word) in [
            (r#"{"a":NaN}"#, Some("a"), "NaN"),
            (
                r#"{"a": {"b": [1, {"c": Infinity}]}}"#,
                Some("a.b[1].c"),
                "Infinity",
            ),
            (
                r#"{"x":"}{[,","rows":[[1.0,-Infinity]]}"#,
                Some("rows[0][1]"),
                "-Infinity",
            ),
            (r#"{"a":1,"b":1e999}"#, Some("b"), "1e999"),
            (r#"{"b":-1E+400,"a":1}"#, Some("b"), "-1E+400"),
            (r#"{"b":"x\ud800y"}"#, Some("b"), r"\ud800"),
            (r#"{"b":["\\","\udc00\ud800"]}"#, Some("b[1]"), r"\udc00"),
            (r#"{"b":"\ud83dA"}"#, Some("b"), r"\ud83d"),
            (r#"{"a\ud800":1}"#, Some(r"a\ud800"), r"\ud800"),
            (r#"{"a":1,"b":2,"a":3}"#, Some("a"), "duplicate"),
            (
                r#"{"x":[{"a":1},{"a":{"b":1,"\u0062":2}}]}"#,
                Some(r"x[1].a.\u0062"),
                "duplicate",
            ),
            ("NaN", None, "NaN"),
        ] {
            let problem = check_json(text).unwrap_err().problem;
            assert_eq!(problem.field.as_deref(), field, "{text}");
            assert!(problem.detail.contains(word), "{}", problem.detail);
        }
        let digits = format!(r#"{{"n":{}}}"#, "9".repeat(400));
        let problem = check_json(&digits).unwrap_err().problem;
        assert_eq!(problem.field.as_deref(), Some("n"));
        let typed = r#"{"event_type":"a.b","x":{"event_type":"c"},"y":NaN}"#;
        let event_type = check_json(typed).unwrap_err().event_type;
        assert_eq!(event_type.as_deref(), Some("a.b"));
        let deep = format!(r#"{{"n":{}{}}}"#, "[".repeat(100), "]".repeat(100));
        assert!(check_json(&deep).unwrap_err().may_be_json);
        assert!(!check_json("NaN").unwrap_err().may_be_json);
    }

    #[test]
    fn everything_else_passes() {
        for text in [
            r#"{"a":"NaN","b":"Infinity","NaN":1,"c":"1e999","d":null,"e":true,"f":false}"#,
            r#"{"a":123456789012345678901234567890,"b":1.0e2,"c":-0,"d":1e-999,"e":1e308}"#,
            r#"{"a":"\ud83d\ude00 \u0000 \\ud800 \" \/","b":"😀"}"#,
            r#"{"a":{"a":1},"b":[{"a":1},{"a":1}],"c":"a","A":"a"}"#,
            r#"{"a":"#,
            r#"{"a":"\u12"#,
            r#"{"a":"\"#,
            "no json",
            "",
            "]]}}",
        ] {
            assert!(check_json(text).is_ok(), "{text}");
        }
    }
}
