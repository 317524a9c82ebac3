//! What breaks the protocol of WebSockets itself (RFC 6455), and with which code the connection is closed.

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::connection::{BINARY, Connection, TEXT, encode, header};
use super::door::Door;

const FIN: u8 = 0x80;
const CLOSE: u8 = 8;
const PING: u8 = 9;

/// Bytes that break the protocol.
pub(super) struct Violation {
    pub(super) name: String,
    bytes: Vec<u8>,
    /// Whether nothing follows the bytes.
    ends: bool,
    /// The code with which the connection is closed; none when the client has gone.
    pub(super) code: Option<u16>,
}

impl Violation {
    fn new(name: &str, bytes: Vec<u8>, code: u16) -> Self {
        Self {
            name: name.to_owned(),
            bytes,
            ends: false,
            code: Some(code),
        }
    }

    /// Writes it, and reads until the gateway has closed the connection: with which code.
    pub(super) async fn commit(&self, connection: &mut Connection) -> Option<u16> {
        // The gateway may close the connection before it has read all of it.
        let _ = connection.write(&self.bytes).await;
        if self.ends {
            connection.end().await;
        }
        connection.closed(&self.name).await
    }
}

const PROTOCOL: u16 = 1002;
const INVALID_TEXT: u16 = 1007;
const TOO_LARGE: u16 = 1009;

/// One of each kind.
pub(super) fn all(door: &Door, random: &mut StdRng) -> Vec<Violation> {
    let text = "x".repeat(random.random_range(0..200)).into_bytes();
    let wrong = wrong_frames(&text).into_iter();
    let violations = wrong.chain(too_large(door, random)).chain(invalid_texts());
    let mut violations: Vec<_> = violations.collect();
    violations.extend(cut_frames(door, random));
    violations
}

/// Frames that are none, or not where they are.
fn wrong_frames(text: &[u8]) -> Vec<Violation> {
    let unmasked = [vec![FIN | TEXT, 2], b"{}".to_vec()].concat();
    let second_text = [encode(TEXT, text), encode(FIN | TEXT, text)].concat();
    let named = [
        ("a frame without a mask", unmasked),
        ("a part without a beginning", encode(FIN, text)),
        ("another message between parts", second_text),
        ("a part of a ping", encode(PING, b"x")),
        ("a ping of 126 bytes", encode(FIN | PING, &[0; 126])),
        ("a close frame of one byte", encode(FIN | CLOSE, &[3])),
        (
            "a close code that is none",
            encode(FIN | CLOSE, &999_u16.to_be_bytes()),
        ),
    ];
    let mut violations: Vec<_> = named
        .map(|(name, bytes)| Violation::new(name, bytes, PROTOCOL))
        .into();
    for reserved in [0x40, 0x20, 0x10] {
        let name = format!("the reserved bit {reserved:#x}");
        let bytes = encode(FIN | reserved | TEXT, text);
        violations.push(Violation::new(&name, bytes, PROTOCOL));
    }
    for opcode in (3..8).chain(11..16) {
        let name = format!("the opcode {opcode}");
        let bytes = encode(FIN | opcode, text);
        violations.push(Violation::new(&name, bytes, PROTOCOL));
    }
    violations
}

/// More bytes than a message may have.
fn too_large(door: &Door, random: &mut StdRng) -> [Violation; 4] {
    let size = door.message_bytes_max + random.random_range(1..5000);
    let mut parts = encode(TEXT, &vec![b'['; door.message_bytes_max]);
    parts.extend(encode(FIN, b"[["));
    [
        (
            "a text that is too large",
            encode(FIN | TEXT, &vec![b'['; size]),
        ),
        (
            "bytes that are too many",
            encode(FIN | BINARY, &vec![0; size]),
        ),
        ("parts that are too many bytes", parts),
        ("a length of 2^62", header(FIN | TEXT, 1 << 62)),
    ]
    .map(|(name, bytes)| Violation::new(name, bytes, TOO_LARGE))
}

/// Texts that are no UTF-8.
fn invalid_texts() -> [Violation; 4] {
    let invalid: [&[u8]; 4] = [
        b"\xff",
        b"{\"a\": \"\xc3\x28\"}",
        b"\xed\xa0\x80",
        b"\xf5\x80\x80\x80",
    ];
    invalid.map(|bytes| {
        let name = format!("the text {bytes:x?}");
        Violation::new(&name, encode(FIN | TEXT, bytes), INVALID_TEXT)
    })
}

/// Beginnings of a frame behind which the client goes.
fn cut_frames(door: &Door, random: &mut StdRng) -> Vec<Violation> {
    let frame = encode(FIN | TEXT, door.with_value("1").as_bytes());
    let cut = |_| {
        let length = random.random_range(1..frame.len());
        let name = format!("the first {length} bytes of a frame");
        Violation {
            ends: true,
            code: None,
            ..Violation::new(&name, frame[..length].to_vec(), 0)
        }
    };
    (0..10).map(cut).collect()
}
