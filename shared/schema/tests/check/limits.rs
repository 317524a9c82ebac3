//! How much is said, and how much is done.

use manyworlds_schema::Schema;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::{faults, raw};

#[test]
fn at_most_8_faults_are_reported() {
    let found = faults(
        r#"{"items": {"type": "null"}}"#,
        "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1]",
    );
    assert_eq!(found.len(), 8);
    assert_eq!(found[7], "data[7] must be null, not a whole number");
}

#[test]
fn little_of_a_value_is_repeated() {
    let name = "n".repeat(1000);
    let value = json!({ &name: "v".repeat(1000) }).to_string();
    for schema in [
        r#"{"additionalProperties": false}"#,
        r#"{"additionalProperties": {"maxLength": 1}}"#,
        r#"{"additionalProperties": {"enum": ["a"]}}"#,
        r#"{"additionalProperties": {"pattern": "^a"}}"#,
        r#"{"propertyNames": {"maxLength": 1}}"#,
        r#"{"const": 1}"#,
        r#"{"not": {}}"#,
    ] {
        for fault in faults(schema, &value) {
            assert!(!fault.contains(&"n".repeat(64)), "{fault}");
            assert!(!fault.contains("vv"), "{fault}");
        }
    }
}

/// A value of `levels` objects within each other.
fn nested(name: &str, levels: usize, inner: Value) -> Box<RawValue> {
    let value = (0..levels).fold(inner, |inner, _| json!({ name: inner }));
    to_raw_value(&value).unwrap()
}

#[test]
fn what_can_not_be_read_is_a_fault() {
    let schema = Schema::parse(&raw("{}")).unwrap();
    assert!(schema.check(&nested("a", 120, json!(1))).is_ok());
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    let faults = schema.check(&raw(&deep)).unwrap_err();
    assert_eq!(
        faults[0].to_string(),
        "data can't be read: recursion limit exceeded at line 1 column 128"
    );
}

#[test]
fn references_do_not_multiply_the_work() {
    for keyword in ["allOf", "anyOf", "oneOf"] {
        // 2^28 ways lead to the last of these.
        let link = |index: usize| {
            let next = json!({ "$ref": format!("#/$defs/d{}", index + 1) });
            (format!("d{index}"), json!({ keyword: [next, next] }))
        };
        let mut links: serde_json::Map<_, _> = (0..14).map(link).collect();
        links.insert(
            "d14".into(),
            json!({ "properties": { "a": { "$ref": "#/$defs/d0" } }, "type": "object" }),
        );
        let schema = json!({ "$ref": "#/$defs/d0", "$defs": links }).to_string();
        let schema = Schema::parse(&raw(&schema)).unwrap();
        let faults = schema.check(&nested("a", 5, json!(1))).unwrap_err();
        assert!(!faults[0].reason.contains("complex"), "{faults:?}");
    }
}

#[test]
fn a_recursive_enum_is_checked_to_its_depth() {
    let form = |tag: &str| json!({ "properties": { "op": { "const": tag }, "left": { "$ref": "#" } }, "type": "object", "required": ["op"] });
    let schema = json!({ "oneOf": [form("and"), form("or"), form("not")] }).to_string();
    let schema = Schema::parse(&raw(&schema)).unwrap();
    let expression = |last: &str| {
        let inner = json!({ "op": last });
        let outermost = (0..60).fold(inner, |inner, _| json!({ "op": "or", "left": inner }));
        to_raw_value(&outermost).unwrap()
    };
    assert!(schema.check(&expression("and")).is_ok());
    let faults = schema.check(&expression("xor")).unwrap_err();
    let expected = format!(
        "data{} fits none of the 3 allowed forms",
        ".left".repeat(60)
    );
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].to_string(), expected);
}

#[test]
fn a_check_has_an_end() {
    let parts = vec![json!({ "minimum": 0 }); 1000];
    let schema = raw(&json!({ "items": { "allOf": parts } }).to_string());
    let schema = Schema::parse(&schema).unwrap();
    let long = to_raw_value(&vec![1; 30_000]).unwrap();
    let faults = schema.check(&long).unwrap_err();
    assert_eq!(faults[0].to_string(), "data is too complex to be checked");
    let short = to_raw_value(&vec![1; 900]).unwrap();
    assert!(schema.check(&short).is_ok());
}

#[test]
fn a_check_does_not_go_too_deep() {
    let twice =
        json!({ "properties": { "a": { "allOf": [{ "$ref": "#" }] } }, "maxProperties": 1 });
    let schema = Schema::parse(&raw(&twice.to_string())).unwrap();
    assert!(schema.check(&nested("a", 80, json!({}))).is_ok());
    let faults = schema.check(&nested("a", 120, json!({}))).unwrap_err();
    assert_eq!(faults[0].to_string(), "data is too complex to be checked");
    let faults = schema
        .check(&nested("a", 80, json!({ "b": 1, "c": 1 })))
        .unwrap_err();
    assert_eq!(faults[0].reason, "must have at most 1 field, not 2");
}
