//! World files: a world that was accepted is accepted as JSON, and is the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use world_file::{WorldFile, check_references, parse_behaviour, to_json};

fuzz_target!(|text: &str| {
    let _ = parse_behaviour(text);
    let _ = to_json(text);
    if let Ok(file) = WorldFile::parse(text) {
        let _ = check_references(&file.spec, None);
        let mut json = serde_json::to_value(&file.spec).expect("a world as JSON");
        json["id"] = file.id.as_str().into();
        let json = json.to_string();
        let again = WorldFile::parse(&json).expect("a world that is parsed again");
        assert_eq!(again, file, "{json}");
    }
});
