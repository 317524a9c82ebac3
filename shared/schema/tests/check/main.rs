//! What fits a schema, and the faults of what does not.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

mod limits;
mod tables;

use manyworlds_schema::Schema;
use serde_json::value::RawValue;

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

fn faults(schema: &str, value: &str) -> Vec<String> {
    let schema = Schema::parse(&raw(schema)).unwrap();
    let faults = schema.check(&raw(value)).err().unwrap_or_default();
    faults.iter().map(ToString::to_string).collect()
}

/// A schema, a value, and its faults, joined by semicolons.
type Row = (&'static str, &'static str, &'static str);

fn check(rows: &[Row]) {
    for (schema, value, expected) in rows {
        assert_eq!(
            faults(schema, value).join("; "),
            *expected,
            "{schema} {value}"
        );
    }
}
