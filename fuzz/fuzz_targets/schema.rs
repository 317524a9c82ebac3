//! Schemas and values: two lines of JSON. A schema that is parsed fits itself, and a value is checked within its steps.
#![no_main]

use libfuzzer_sys::fuzz_target;
use schema::{Schema, incompatibilities};
use serde_json::value::RawValue;

fuzz_target!(|text: &str| {
    let (document, value) = text.split_once('\n').unwrap_or((text, "null"));
    let Ok(document) = serde_json::from_str::<&RawValue>(document) else {
        return;
    };
    let Ok(schema) = Schema::parse(document) else {
        return;
    };
    let own = incompatibilities(&schema, &schema);
    assert!(own.is_empty(), "a schema fits itself: {}", own.len());
    if let Ok(value) = serde_json::from_str::<&RawValue>(value) {
        let _ = schema.check(value);
    }
});
