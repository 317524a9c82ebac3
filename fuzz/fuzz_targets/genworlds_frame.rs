//! Frames of GenWorlds' WebSocket: an event that was decoded is one that the log can hold.
#![no_main]

use contract::NewEvent;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(event) = door_genworlds::fuzzing::decode_frame(text) {
        let json = serde_json::to_string(&event).expect("an event as JSON");
        serde_json::from_str::<NewEvent>(&json).expect("an event that is decoded again");
    }
});
