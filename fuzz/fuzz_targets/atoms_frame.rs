//! Frames of Atoms' WebSocket: an event that was decoded is one that the log can hold.
#![no_main]

use contract::flow::NewFlowEvent;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(event) = door_atoms::fuzzing::decode_frame(bytes) {
        let json = serde_json::to_string(&event).expect("an event as JSON");
        serde_json::from_str::<NewFlowEvent>(&json).expect("an event that is decoded again");
    }
});
