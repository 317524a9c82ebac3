//! World files: a file that is accepted is one after it was written as JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use world_file::{WorldFile, check_references, parse_behaviour, to_json};

fuzz_target!(|text: &str| {
    let _ = parse_behaviour(text);
    let json = to_json(text);
    if let Ok(file) = WorldFile::parse(text) {
        let _ = check_references(&file.spec, None);
        let json = json.expect("a world file as JSON").to_string();
        let again = WorldFile::parse(&json).expect("a world file that is parsed again");
        assert_eq!(again, file);
    }
});
