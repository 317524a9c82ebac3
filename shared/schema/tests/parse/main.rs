//! Which documents are schemas, and the errors of those that are not.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

use manyworlds_schema::Schema;
use serde_json::json;
use serde_json::value::RawValue;

fn refusal(text: &str) -> Option<String> {
    let raw = RawValue::from_string(text.to_owned()).unwrap();
    Schema::parse(&raw).err().map(|invalid| invalid.to_string())
}

#[test]
fn schemas_are_accepted() {
    for text in [
        "true",
        "false",
        "{}",
        r#"{"$schema": "https://json-schema.org/draft/2020-12/schema"}"#,
        r#"{"$schema": "https://json-schema.org/draft/2020-12/schema#"}"#,
        r#"{"title": "T", "description": "d", "default": 1, "examples": [1], "deprecated": true}"#,
        r#"{"type": "string", "format": "date-time", "readOnly": true, "$comment": "c"}"#,
        r#"{"x-order": 3}"#,
        r#"{"minLength": 2.0}"#,
        r##"{"$ref": "#/$defs/A", "$defs": {"A": {}}}"##,
        r##"{"$ref": "#/definitions/A", "definitions": {"A": {}}}"##,
        r##"{"$ref": "#/$defs/a~1b", "$defs": {"a/b": {}}}"##,
        r##"{"$ref": "#/$defs/a%20b", "$defs": {"a b": {}}}"##,
        r##"{"$ref": "#/$defs/%C3%A4", "$defs": {"ä": {}}}"##,
        r##"{"properties": {"next": {"$ref": "#"}}}"##,
        r##"{"items": {"$ref": "#/properties/a"}, "properties": {"a": {}}}"##,
        r##"{"properties": {"$ref": {"type": "string"}}}"##,
        r##"{"enum": [{"$ref": "nowhere", "requierd": 1}]}"##,
    ] {
        assert_eq!(refusal(text), None, "{text}");
    }
}

/// A document, and why it is refused.
const REFUSED: &[(&str, &str)] = &[
    ("1", "#: is not a schema: use an object, true or false"),
    ("[]", "#: is not a schema: use an object, true or false"),
    (
        r#"{"items": 1}"#,
        "#/items: is not a schema: use an object, true or false",
    ),
    (
        r#"{"items": [{}]}"#,
        "#/items: is not a schema: use an object, true or false",
    ),
    (
        r#"{"properties": {"a/b": {"type": "text"}}}"#,
        "#/properties/a~1b/type: is not a type: use null, boolean, integer, number, string, array, object, or a list of them",
    ),
    (
        r#"{"type": []}"#,
        "#/type: is not a type: use null, boolean, integer, number, string, array, object, or a list of them",
    ),
    (
        r#"{"requierd": ["a"]}"#,
        "#/requierd: is not a keyword that is known here",
    ),
    (
        r#"{"nullable": true}"#,
        "#/nullable: is not a keyword that is known here",
    ),
    (r#"{"required": "a"}"#, "#/required: is not a list of names"),
    (r#"{"required": [1]}"#, "#/required: is not a list of names"),
    (r#"{"properties": []}"#, "#/properties: is not an object"),
    (r#"{"enum": 1}"#, "#/enum: is not a list of values"),
    (
        r#"{"minLength": -1}"#,
        "#/minLength: is not a whole number from 0",
    ),
    (
        r#"{"minLength": 1.5}"#,
        "#/minLength: is not a whole number from 0",
    ),
    (r#"{"minimum": "1"}"#, "#/minimum: is not a number"),
    (r#"{"multipleOf": 0}"#, "#/multipleOf: is not more than 0"),
    (
        r#"{"uniqueItems": 1}"#,
        "#/uniqueItems: is not true or false",
    ),
    (
        r#"{"anyOf": []}"#,
        "#/anyOf: is not a list of schemas, at least one",
    ),
    (
        r#"{"allOf": [{}, {"not": 1}]}"#,
        "#/allOf/1/not: is not a schema: use an object, true or false",
    ),
    (
        r#"{"dependentRequired": {"a": 1}}"#,
        "#/dependentRequired/a: is not a list of names",
    ),
    (
        r#"{"$schema": "http://json-schema.org/draft-07/schema#"}"#,
        "#/$schema: is not https://json-schema.org/draft/2020-12/schema, the only draft that is known",
    ),
    (
        r#"{"$id": "https://example.com"}"#,
        "#/$id: is not supported: refer to a part of this document, as #/$defs/Name",
    ),
    (
        r##"{"$dynamicRef": "#a"}"##,
        "#/$dynamicRef: is not supported: refer to a part of this document, as #/$defs/Name",
    ),
    (
        r#"{"unevaluatedProperties": false}"#,
        "#/unevaluatedProperties: is not supported: use additionalProperties",
    ),
    (
        r#"{"$ref": "https://example.com/schema"}"#,
        "#/$ref: is not a reference within this document: use #/$defs/Name",
    ),
    (
        r#"{"$ref": "other.json#/a"}"#,
        "#/$ref: is not a reference within this document: use #/$defs/Name",
    ),
    (
        r##"{"items": {"$ref": "#/$defs/A"}}"##,
        "#/items/$ref: refers to what is not a schema of this document",
    ),
    (
        r##"{"$ref": "#/$defs", "$defs": {}}"##,
        "#/$ref: refers to what is not a schema of this document",
    ),
    (
        r##"{"$ref": "#name"}"##,
        "#/$ref: refers to what is not a schema of this document",
    ),
    (
        r##"{"$ref": "#/%4"}"##,
        "#/$ref: is not a reference within this document: use #/$defs/Name",
    ),
    (
        r##"{"$ref": "#"}"##,
        "#: leads back to itself without going into a part of the value",
    ),
    (
        r##"{"anyOf": [{"type": "string"}, {"$ref": "#"}]}"##,
        "#: leads back to itself without going into a part of the value",
    ),
    (
        r##"{"$defs": {"a": {"not": {"$ref": "#/$defs/b"}}, "b": {"allOf": [{"$ref": "#/$defs/a"}]}}}"##,
        "#/$defs/a: leads back to itself without going into a part of the value",
    ),
];

#[test]
fn what_is_not_a_schema_is_refused_with_the_place() {
    for (text, expected) in REFUSED {
        assert_eq!(refusal(text).as_deref(), Some(*expected), "{text}");
    }
}

#[test]
fn patterns_that_can_not_be_matched_in_linear_time_are_refused() {
    for pattern in [
        "(?=a)",
        r"(a)\1",
        "(?<!a)b",
        "(",
        r"\p{Unknown}",
        r"\w{5000}",
    ] {
        let refusal = refusal(&json!({ "pattern": pattern }).to_string()).unwrap();
        let expected = "#/pattern: is not a pattern that is known here: ";
        assert!(refusal.starts_with(expected), "{refusal}");
        let refused = Schema::parse(&raw(&json!({ "patternProperties": { pattern: {} } })));
        assert_eq!(refused.unwrap_err().pointer, "/patternProperties");
    }
}

fn raw(value: &serde_json::Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap()
}

#[test]
fn schemas_have_limits() {
    let deep = |levels| (0..levels).fold(json!({}), |inner, _| json!({ "items": inner }));
    let wide = |count| json!({ "prefixItems": vec![json!({}); count] });
    let chain = |links: usize| {
        let link = |index| {
            let next = json!({ "$ref": format!("#/$defs/d{}", index + 1) });
            (format!("d{index}"), next)
        };
        let mut links: serde_json::Map<_, _> = (0..links).map(link).collect();
        links.insert(format!("d{}", links.len()), json!(true));
        json!({ "$defs": links })
    };
    let patterns = |count| json!({ "prefixItems": vec![json!({ "pattern": "a" }); count] });
    for (fitting, too_much, reason) in [
        (deep(32), deep(33), "is more than 32 schemas deep"),
        (
            wide(1023),
            wide(1024),
            "is one schema too many: at most 1024 are allowed",
        ),
        (
            chain(31),
            chain(32),
            "leads through more than 32 schemas about one value",
        ),
        (
            patterns(64),
            patterns(65),
            "is one pattern too many: at most 64 are allowed",
        ),
        (
            json!({ "pattern": "a".repeat(1024) }),
            json!({ "pattern": "a".repeat(1025) }),
            "is a pattern of more than 1024 bytes",
        ),
        (
            json!({ "title": "a".repeat(64 * 1024 - 12) }),
            json!({ "title": "a".repeat(64 * 1024 - 11) }),
            "has 65537 bytes; at most 65536 are allowed",
        ),
    ] {
        assert!(Schema::parse(&raw(&fitting)).is_ok(), "{reason}");
        assert_eq!(Schema::parse(&raw(&too_much)).unwrap_err().reason, reason);
    }
}
