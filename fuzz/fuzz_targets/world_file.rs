//! World files: a world that was accepted is accepted as JSON, and is the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use world_file::{WorldFile, check_references, parse_behaviour, to_json};

fuzz_target!(|text: &str| {
    let _ = parse_behaviour(text);
    let _ = to_json(text);
    if let Ok(file) = WorldFile::parse(text) {
        let _ = check_references(&file.spec, None);
        // As values: the order of fields in what is kept as text is not that of the file.
        let spec = serde_json::to_value(&file.spec).expect("a world as JSON");
        let mut json = spec.clone();
        json["id"] = file.id.as_str().into();
        let again = WorldFile::parse(&json.to_string()).expect("a world that is parsed again");
        let again = serde_json::to_value(&again.spec).expect("a world as JSON");
        assert_eq!(again, spec);
    }
});
