//! Messages that a door takes as WebSocket messages, and not as frames of its protocol.

use std::fmt;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngExt as _};

use super::door::Door;

/// The codes that the error of a frame may have.
pub(super) type Codes = &'static [&'static str];

/// A message that a client should not send.
pub(super) struct BadFrame {
    pub(super) is_binary: bool,
    pub(super) bytes: Vec<u8>,
    /// Its error has one of these codes; none when it may be a good one by chance.
    pub(super) codes: Option<Codes>,
}

impl fmt::Debug for BadFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(&self.bytes);
        let text: String = text.chars().take(300).collect();
        write!(f, "{:?} {:?} {text}", self.is_binary, self.codes)
    }
}

/// Values that not all who read them read alike.
const AMBIGUOUS: [&str; 4] = [
    r#""\ud800""#,
    r#"["a\udfffb"]"#,
    r#"{"a": 1, "a": 2}"#,
    r#"{"a": [{"b": 1, "b": 1}]}"#,
];

/// What is wrong with a frame.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// It is no JSON.
    Malformed,
    /// It ends too early.
    Truncated,
    /// It is JSON, and no object.
    NoObject,
    /// A field is not what it must be.
    InvalidField,
    /// A number is out of range.
    HugeNumber,
    /// Lists and objects are deep within one another.
    DeepNesting,
    /// A text has half of a surrogate pair, or an object a name twice.
    Ambiguous,
    /// Bytes in place of a text.
    Binary,
    /// Bytes of a valid frame were changed, removed or repeated.
    Mutated,
}

impl Kind {
    pub(super) const ALL: [Self; 9] = [
        Self::Malformed,
        Self::Truncated,
        Self::NoObject,
        Self::InvalidField,
        Self::HugeNumber,
        Self::DeepNesting,
        Self::Ambiguous,
        Self::Binary,
        Self::Mutated,
    ];

    /// A frame of this kind.
    pub(super) fn frame(self, door: &Door, random: &mut StdRng) -> BadFrame {
        let valid = *door.valid().choose(random).unwrap();
        let of_text = |text: String, codes: Codes| BadFrame {
            is_binary: false,
            bytes: text.into_bytes(),
            codes: Some(codes),
        };
        match self {
            Self::Malformed => {
                let length = random.random_range(0..200);
                let text: String = (0..length).map(|_| random.random::<char>()).collect();
                // What begins so is never JSON.
                of_text(format!("{{%{text}"), &["malformed_json"])
            }
            Self::Truncated => {
                let length = random.random_range(0..valid.len());
                of_text(valid[..length].to_owned(), &["malformed_json"])
            }
            Self::NoObject => {
                let texts = ["[]", "7", "\"text\"", "null", "true", "[{}]", " -0.5e3 "];
                of_text(
                    (*texts.choose(random).unwrap()).to_owned(),
                    &["malformed_json", "invalid"],
                )
            }
            Self::InvalidField => {
                let (frame, codes) = *door.invalid().choose(random).unwrap();
                of_text(frame.to_owned(), codes)
            }
            Self::HugeNumber => of_text(door.with_value(&huge_number(random)), &["invalid"]),
            Self::DeepNesting => of_text(door.with_value(&deep_nesting(random)), &["invalid"]),
            Self::Ambiguous => {
                let value = AMBIGUOUS.choose(random).unwrap();
                of_text(door.with_value(value), &["invalid"])
            }
            Self::Binary => BadFrame {
                is_binary: true,
                bytes: no_text(random),
                codes: Some(match door.reads_binary() {
                    true => &["malformed_json"],
                    false => &["unsupported_media_type"],
                }),
            },
            Self::Mutated => BadFrame {
                is_binary: false,
                bytes: mutate(valid, random).into_bytes(),
                codes: None,
            },
        }
    }
}

/// A number beyond the range of a double.
fn huge_number(random: &mut StdRng) -> String {
    let digits = "9".repeat(random.random_range(310..2000));
    let exponent = random.random_range(400..1_000_000);
    match random.random_range(0..4) {
        0 => digits,
        1 => format!("-{digits}.5"),
        2 => format!("1e{exponent}"),
        _ => format!("[0, -2.5E+{exponent}]"),
    }
}

/// Lists or objects within one another.
fn deep_nesting(random: &mut StdRng) -> String {
    let depth = random.random_range(101..3000);
    let (open, close) = *[("[", "]"), ("{\"a\":", "}")].choose(random).unwrap();
    format!("{}1{}", open.repeat(depth), close.repeat(depth))
}

/// Bytes that are no JSON, and no UTF-8.
fn no_text(random: &mut StdRng) -> Vec<u8> {
    let mut bytes = vec![0; random.random_range(1..300)];
    random.fill_bytes(&mut bytes);
    bytes[0] = 0xff;
    bytes
}

/// The text with some of it changed, removed or repeated.
fn mutate(text: &str, random: &mut StdRng) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..random.random_range(1..5) {
        let from = random.random_range(0..characters.len().max(1));
        let to = (from + random.random_range(1..12)).min(characters.len());
        if from >= to {
            break;
        }
        match random.random_range(0..4) {
            0 => characters[from] = random.random(),
            1 => drop(characters.drain(from..to)),
            2 => {
                let part = characters[from..to].to_vec();
                let _ = characters.splice(from..from, part);
            }
            _ => {
                let special = *['"', '\\', '{', '}', '[', ']', ',', ':', '0', '-']
                    .choose(random)
                    .unwrap();
                characters[from] = special;
            }
        }
    }
    characters.into_iter().collect()
}
