//! Frames of the native WebSocket: a command that was decoded is one that the log can hold.
#![no_main]

use contract::Command;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(command) = door_native::fuzzing::decode_frame(text) {
        serde_json::from_str::<Command>(&command).expect("a command that is decoded again");
    }
});
