//! The WebSockets of a gateway: their frames, and how each answers.

use serde_json::{Value, json};
use system_tests::Http;

use super::connection::Connection;
use super::frames::{BadFrame, Codes};
use super::tables;

/// The WebSocket of a door.
pub(super) struct Door {
    pub(super) name: &'static str,
    path: &'static str,
    protocol: Protocol,
    /// The most bytes of a message.
    pub(super) message_bytes_max: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Native,
    GenWorlds,
    Atoms,
}

impl Door {
    pub(super) const NATIVE: Self = Self {
        name: "native",
        path: "/v1/worlds/bad/ws?type=none",
        protocol: Protocol::Native,
        message_bytes_max: 256 << 10,
    };
    pub(super) const GENWORLDS: Self = Self {
        name: "GenWorlds",
        path: "/ws/bad",
        protocol: Protocol::GenWorlds,
        // Above 256 KiB it answers with an error, above 4 times that it closes the connection.
        message_bytes_max: 4 * (256 << 10),
    };
    pub(super) const ATOMS: Self = Self {
        name: "Atoms",
        path: "/atoms/bad/desk/ws",
        protocol: Protocol::Atoms,
        message_bytes_max: 1 << 20,
    };

    /// Opens a connection that takes frames.
    pub(super) async fn begin(&self, gateway: &Http) -> Connection {
        let mut connection = Connection::open(gateway, self.path).await;
        match self.protocol {
            Protocol::Native => assert_eq!(connection.frame().await["type"], "ready"),
            Protocol::GenWorlds => {}
            Protocol::Atoms => {
                let context = json!({"initial_variables": {}, "conversation_type": "chat"});
                let init =
                    json!({"type": "system.init", "version": "1.0.0", "session_context": context});
                connection.send_text(&init.to_string()).await;
                assert_eq!(connection.frame().await["type"], "agent.ready");
            }
        }
        connection
    }

    /// Whether a binary frame is read as a text is.
    pub(super) fn reads_binary(&self) -> bool {
        self.protocol == Protocol::Atoms
    }

    /// The code of an error frame; none for any other.
    pub(super) fn error_code<'a>(&self, frame: &'a Value) -> Option<&'a str> {
        let code = match self.protocol {
            Protocol::Native if frame["type"] == "error" => &frame["problem"]["code"],
            Protocol::GenWorlds if frame["event_type"] == "error" => &frame["code"],
            Protocol::Atoms if frame["type"] == "agent.error" => &frame["payload"]["code"],
            _ => return None,
        };
        Some(code.as_str().unwrap_or_default())
    }

    /// Reads the answers to these frames: an error for each that has a code to get. At the native door each frame has
    /// one answer. At the others errors are in the order of their frames, so that the last is that of another bad frame.
    pub(super) async fn replies(
        &self,
        connection: &mut Connection,
        frames: &[BadFrame],
    ) -> Vec<Value> {
        let last = match self.protocol {
            Protocol::Native => r#"{"type":"ping","ref":"last"}"#,
            Protocol::GenWorlds => r#"{"event_type":"last"}"#,
            Protocol::Atoms => r#"{"type":"my.last","metadata":[1]}"#,
        };
        connection.send_text(last).await;
        let is_last = |frame: &Value| match self.protocol {
            Protocol::Native => frame["type"] == "pong" && frame["ref"] == "last",
            Protocol::GenWorlds => frame["refused"] == "last",
            Protocol::Atoms => frame["payload"]["event_type"] == "my.last",
        };
        let (mut replies, mut is_over) = (Vec::new(), false);
        while !is_over || self.protocol == Protocol::Native && replies.len() < frames.len() {
            let frame = connection.frame().await;
            match is_last(&frame) {
                true => is_over = true,
                false => replies.push(frame),
            }
        }
        replies
    }

    /// Frames that are taken.
    pub(super) fn valid(&self) -> &'static [&'static str] {
        match self.protocol {
            Protocol::Native => tables::NATIVE,
            Protocol::GenWorlds => tables::GENWORLDS,
            Protocol::Atoms => tables::ATOMS,
        }
    }

    /// Frames that are JSON objects with a value that is not what it must be, and the codes of their errors.
    pub(super) fn invalid(&self) -> &'static [(&'static str, Codes)] {
        match self.protocol {
            Protocol::Native => tables::NATIVE_INVALID,
            Protocol::GenWorlds => tables::GENWORLDS_INVALID,
            Protocol::Atoms => tables::ATOMS_INVALID,
        }
    }

    /// A valid frame with this JSON in it, where any value may be.
    pub(super) fn with_value(&self, json: &str) -> String {
        match self.protocol {
            Protocol::Native => format!(
                r#"{{"type":"send_events","sender":"guest","events":[{{"type":"test.n","data":{json}}}]}}"#
            ),
            Protocol::GenWorlds => {
                format!(r#"{{"event_type":"test.n","sender_id":"guest","note":{json}}}"#)
            }
            Protocol::Atoms => format!(r#"{{"type":"my.type","note":{json}}}"#),
        }
    }
}
