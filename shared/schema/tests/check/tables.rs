//! Keyword by keyword.

use crate::{Row, check};

const KINDS_AND_OPTIONS: &[Row] = &[
    ("true", "1", ""),
    ("false", "1", "data is not allowed"),
    ("{}", "null", ""),
    (r#"{"type": "string"}"#, r#""a""#, ""),
    (
        r#"{"type": "string"}"#,
        "1",
        "data must be a string, not a whole number",
    ),
    (r#"{"type": "integer"}"#, "1.0", ""),
    (r#"{"type": "integer"}"#, "1e300", ""),
    (
        r#"{"type": "integer"}"#,
        "1.5",
        "data must be a whole number, not a fraction",
    ),
    (r#"{"type": "number"}"#, "1.5", ""),
    (
        r#"{"type": "number"}"#,
        r#""1""#,
        "data must be a number, not a string",
    ),
    (
        r#"{"type": "boolean"}"#,
        "null",
        "data must be true or false, not null",
    ),
    (r#"{"type": ["string", "null"]}"#, "null", ""),
    (
        r#"{"type": ["string", "null"]}"#,
        "[]",
        "data must be null or a string, not an array",
    ),
    (r#"{"const": 1}"#, "1.0", ""),
    (r#"{"const": {"a": [1]}}"#, r#"{"a": [1.0]}"#, ""),
    (r#"{"const": "x"}"#, r#""y""#, r#"data must be "x""#),
    (r#"{"enum": ["a", "b", null]}"#, "null", ""),
    (
        r#"{"enum": ["a", "b", null]}"#,
        "0",
        r#"data must be "a", "b" or null"#,
    ),
    (r#"{"enum": []}"#, "0", "data must be nothing"),
    (
        r#"{"enum": [1,2,3,4,5,6,7,8,9,10]}"#,
        "0",
        "data must be 1, 2, 3, 4, 5, 6, 7, 8 or one of 2 others",
    ),
    (
        r#"{"enum": ["a"], "type": "string"}"#,
        "0",
        "data must be a string, not a whole number",
    ),
];

#[test]
fn kinds_and_options() {
    check(KINDS_AND_OPTIONS);
}

const NUMBERS_AND_STRINGS: &[Row] = &[
    (r#"{"minimum": 1}"#, "1", ""),
    (r#"{"minimum": 1}"#, "0.99", "data must be at least 1"),
    (r#"{"maximum": 1.5}"#, "2", "data must be at most 1.5"),
    (
        r#"{"exclusiveMinimum": 1}"#,
        "1.0",
        "data must be more than 1",
    ),
    (
        r#"{"exclusiveMaximum": 1}"#,
        "1",
        "data must be less than 1",
    ),
    (
        r#"{"minimum": 3, "maximum": 1}"#,
        "2",
        "data must be at least 3; data must be at most 1",
    ),
    (r#"{"minimum": 1}"#, r#""0""#, ""),
    (
        r#"{"maximum": 9007199254740992}"#,
        "9007199254740993",
        "data must be at most 9007199254740992",
    ),
    (r#"{"multipleOf": 0.01}"#, "19.99", ""),
    (
        r#"{"multipleOf": 0.01}"#,
        "19.999",
        "data must be a multiple of 0.01",
    ),
    (
        r#"{"minLength": 2}"#,
        r#""ä""#,
        "data must have at least 2 characters, not 1",
    ),
    (r#"{"minLength": 2}"#, r#""äö""#, ""),
    (
        r#"{"maxLength": 1}"#,
        r#""ab""#,
        "data must have at most 1 character, not 2",
    ),
    (r#"{"maxLength": 1}"#, "12", ""),
    (r#"{"pattern": "b"}"#, r#""abc""#, ""),
    (
        r#"{"pattern": "^b$"}"#,
        r#""abc""#,
        "data must match the pattern ^b$",
    ),
    (
        r#"{"pattern": "^(a+)+$"}"#,
        r#""aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab""#,
        "data must match the pattern ^(a+)+$",
    ),
    (r#"{"format": "email"}"#, r#""nobody""#, ""),
];

#[test]
fn numbers_and_strings() {
    check(NUMBERS_AND_STRINGS);
}

const ARRAYS: &[Row] = &[
    (
        r#"{"items": {"type": "string"}}"#,
        r#"["a", 1, null]"#,
        "data[1] must be a string, not a whole number; data[2] must be a string, not null",
    ),
    (r#"{"items": false}"#, "[]", ""),
    (r#"{"items": false}"#, "[1]", "data[0] is not allowed"),
    (
        r#"{"prefixItems": [{"type": "string"}], "items": {"type": "null"}}"#,
        r#"["a", null]"#,
        "",
    ),
    (
        r#"{"prefixItems": [{"type": "string"}], "items": {"type": "null"}}"#,
        r#"["a", 1]"#,
        "data[1] must be null, not a whole number",
    ),
    (
        r#"{"prefixItems": [{"type": "string"}]}"#,
        r#"["a", 1]"#,
        "",
    ),
    (
        r#"{"minItems": 1}"#,
        "[]",
        "data must have at least 1 item, not 0",
    ),
    (
        r#"{"maxItems": 1}"#,
        "[1, 2]",
        "data must have at most 1 item, not 2",
    ),
    (r#"{"uniqueItems": true}"#, r#"[1, "1", [1], {"a": 1}]"#, ""),
    (
        r#"{"uniqueItems": true}"#,
        r#"[{"a": 1, "b": 2}, {"b": 2.0, "a": 1}]"#,
        "data must not have two equal items",
    ),
    (r#"{"contains": {"type": "null"}}"#, "[1, null]", ""),
    (
        r#"{"contains": {"type": "null"}}"#,
        "[1]",
        "data has too few or too many of the items that it must contain",
    ),
    (
        r#"{"contains": {"type": "null"}, "minContains": 0}"#,
        "[1]",
        "",
    ),
    (
        r#"{"contains": {"type": "null"}, "maxContains": 1}"#,
        "[null, null]",
        "data has too few or too many of the items that it must contain",
    ),
    (
        r#"{"items": {"items": {"maximum": 1}}}"#,
        "[[], [1, 2]]",
        "data[1][1] must be at most 1",
    ),
];

#[test]
fn arrays() {
    check(ARRAYS);
}

const OBJECTS: &[Row] = &[
    (r#"{"properties": {"a": {"type": "string"}}}"#, "{}", ""),
    (
        r#"{"properties": {"a": {"type": "string"}}}"#,
        r#"{"a": 1, "b": 2}"#,
        "data.a must be a string, not a whole number",
    ),
    (
        r#"{"required": ["a", "b c"]}"#,
        "{}",
        r#"data.a is required; data["b c"] is required"#,
    ),
    (r#"{"required": ["a"]}"#, r#"{"a": null}"#, ""),
    (
        r#"{"properties": {"a": {}}, "additionalProperties": false}"#,
        r#"{"a": 1, "b": 1}"#,
        "data.b is not allowed",
    ),
    (
        r#"{"additionalProperties": {"type": "integer"}}"#,
        r#"{"a": 1, "b": "x"}"#,
        "data.b must be a whole number, not a string",
    ),
    (
        r#"{"patternProperties": {"^x-": {"type": "null"}}, "additionalProperties": false}"#,
        r#"{"x-a": null, "x-b": 1, "y": null}"#,
        "data.x-b must be null, not a whole number; data.y is not allowed",
    ),
    (
        r#"{"propertyNames": {"maxLength": 1}}"#,
        r#"{"a": 1, "bc": 1}"#,
        "data.bc is not an allowed name of a field",
    ),
    (
        r#"{"minProperties": 1, "maxProperties": 2}"#,
        "{}",
        "data must have at least 1 field, not 0",
    ),
    (
        r#"{"maxProperties": 1}"#,
        r#"{"a": 1, "b": 1}"#,
        "data must have at most 1 field, not 2",
    ),
    (
        r#"{"dependentRequired": {"card": ["address"]}}"#,
        r#"{"card": 1}"#,
        "data.address is required beside card",
    ),
    (r#"{"dependentRequired": {"card": ["address"]}}"#, "{}", ""),
    (
        r#"{"dependentSchemas": {"a": {"required": ["b"]}}}"#,
        r#"{"a": 1}"#,
        "data.b is required",
    ),
    (
        r#"{"type": "object"}"#,
        "[]",
        "data must be an object, not an array",
    ),
    (r#"{"required": ["a"]}"#, "[]", ""),
    (
        r#"{"properties": {"a": {"properties": {"b": {"items": {"required": ["c"]}}}}}}"#,
        r#"{"a": {"b": [{"c": 1}, {}]}}"#,
        "data.a.b[1].c is required",
    ),
];

#[test]
fn objects() {
    check(OBJECTS);
}

const COMBINATIONS: &[Row] = &[
    (
        r#"{"allOf": [{"minimum": 1}, {"maximum": 3}]}"#,
        "4",
        "data must be at most 3",
    ),
    (
        r#"{"anyOf": [{"type": "string"}, {"minimum": 3}]}"#,
        "4",
        "",
    ),
    (
        r#"{"anyOf": [{"type": "string", "maxLength": 1}, {"type": "null"}]}"#,
        r#""ab""#,
        "data must have at most 1 character, not 2",
    ),
    (
        r#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#,
        "1",
        "data fits none of the 2 allowed forms",
    ),
    (r#"{"oneOf": [{"minimum": 1}, {"minimum": 2}]}"#, "1", ""),
    (
        r#"{"oneOf": [{"minimum": 1}, {"minimum": 2}]}"#,
        "2",
        "data must fit one of the allowed forms, not 2",
    ),
    (
        r#"{"oneOf": [{"const": "a"}, {"const": "b", "description": "d"}]}"#,
        r#""c""#,
        r#"data must be "a" or "b""#,
    ),
    (r#"{"not": {"type": "string"}}"#, "1", ""),
    (
        r#"{"not": {"type": "string"}}"#,
        r#""a""#,
        "data is what it must not be",
    ),
    (
        r#"{"if": {"type": "string"}, "then": {"minLength": 1}, "else": {"minimum": 1}}"#,
        r#""""#,
        "data must have at least 1 character, not 0",
    ),
    (
        r#"{"if": {"type": "string"}, "then": {"minLength": 1}, "else": {"minimum": 1}}"#,
        "0",
        "data must be at least 1",
    ),
    (r#"{"then": false, "else": false}"#, "0", ""),
];

#[test]
fn combinations() {
    check(COMBINATIONS);
}

#[test]
fn the_form_that_is_meant_is_explained() {
    let tagged = r#"{"oneOf": [
        {"type": "object", "properties": {"op": {"const": "add"}, "left": {"type": "integer"}},
         "required": ["op", "left"]},
        {"type": "object", "properties": {"op": {"const": "say"}, "text": {"type": "string"}},
         "required": ["op", "text"]}]}"#;
    let wrapped = r#"{"oneOf": [
        {"type": "object", "properties": {"Add": {"type": "integer"}}, "required": ["Add"],
         "additionalProperties": false},
        {"type": "object", "properties": {"Say": {"type": "string"}}, "required": ["Say"],
         "additionalProperties": false}]}"#;
    check(&[
        (tagged, r#"{"op": "say"}"#, "data.text is required"),
        (
            tagged,
            r#"{"op": "add", "left": "1"}"#,
            "data.left must be a whole number, not a string",
        ),
        (
            tagged,
            r#"{"op": "shout"}"#,
            "data fits none of the 2 allowed forms",
        ),
        (
            wrapped,
            r#"{"Say": 1}"#,
            "data.Say must be a string, not a whole number",
        ),
        (wrapped, "1", "data fits none of the 2 allowed forms"),
    ]);
}

#[test]
fn references() {
    let tree = r##"{"$ref": "#/$defs/T", "$defs": {"T": {"type": "object",
        "properties": {"value": {"type": "integer"}, "kids": {"items": {"$ref": "#/$defs/T"}}},
        "required": ["value"]}}}"##;
    check(&[
        (
            tree,
            r#"{"value": 1, "kids": [{"value": 2, "kids": []}]}"#,
            "",
        ),
        (
            tree,
            r#"{"value": 1, "kids": [{"value": 2}, {"kids": [{"value": "x"}]}]}"#,
            "data.kids[1].value is required; \
          data.kids[1].kids[0].value must be a whole number, not a string",
        ),
        (
            r##"{"$ref": "#/$defs/A", "minLength": 2, "$defs": {"A": {"maxLength": 3}}}"##,
            r#""abcd""#,
            "data must have at most 3 characters, not 4",
        ),
        (
            r##"{"$ref": "#/$defs/A", "minLength": 2, "$defs": {"A": {"maxLength": 3}}}"##,
            r#""a""#,
            "data must have at least 2 characters, not 1",
        ),
    ]);
}
