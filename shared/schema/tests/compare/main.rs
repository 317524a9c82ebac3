//! What a change of a schema breaks.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

mod fields;
mod forms;
mod values;

use manyworlds_schema::{Schema, incompatibilities};
use serde_json::value::RawValue;

fn schema(text: &str) -> Schema {
    let raw = RawValue::from_string(text.to_owned()).unwrap();
    Schema::parse(&raw).unwrap()
}

/// The reasons, joined by semicolons; in brackets those which only concern undeclared fields.
fn reasons(old: &str, new: &str) -> String {
    let found = incompatibilities(&schema(old), &schema(new));
    let reason = |found: &manyworlds_schema::Incompatibility| match found.undeclared {
        false => found.reason.clone(),
        true => format!("({})", found.reason),
    };
    found.iter().map(reason).collect::<Vec<_>>().join("; ")
}

/// The old schema, the new one, and what breaks.
type Row = (&'static str, &'static str, &'static str);

fn check(rows: &[Row]) {
    for (old, new, expected) in rows {
        assert_eq!(reasons(old, new), *expected, "{old} -> {new}");
        assert_eq!(reasons(new, new), "", "{new}");
    }
}
