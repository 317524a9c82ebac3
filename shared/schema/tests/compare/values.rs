//! Changes of keywords for a value and its items.

use crate::{Row, check};

const KINDS: &[Row] = &[
    ("{}", "{}", ""),
    ("{}", "true", ""),
    ("false", r#"{"type": "string"}"#, ""),
    (
        "{}",
        r#"{"type": "object"}"#,
        "the data may no longer be null, true or false, a number, a string or an array",
    ),
    (
        "{}",
        "false",
        "the data may no longer be null, true or false, a number, a string, an array or an object",
    ),
    (r#"{"type": "integer"}"#, r#"{"type": "number"}"#, ""),
    (
        r#"{"type": "number"}"#,
        r#"{"type": "integer"}"#,
        "the data may no longer be a fraction",
    ),
    (
        r#"{"type": "string"}"#,
        r#"{"type": ["string", "null"]}"#,
        "",
    ),
    (
        r#"{"type": ["string", "null"]}"#,
        r#"{"type": "string"}"#,
        "the data may no longer be null",
    ),
    (
        r#"{"type": "string", "title": "a", "description": "b", "examples": [1]}"#,
        r#"{"type": "string", "default": "c", "format": "email"}"#,
        "",
    ),
];

#[test]
fn kinds() {
    check(KINDS);
}

const OPTIONS: &[Row] = &[
    (
        r#"{"enum": ["a", "b"]}"#,
        r#"{"enum": ["b", "a", "c"]}"#,
        "",
    ),
    (
        r#"{"enum": ["a", "b"]}"#,
        r#"{"enum": ["a"]}"#,
        r#"the data may no longer be "b""#,
    ),
    (
        r#"{"enum": ["a", 1]}"#,
        r#"{"type": "string"}"#,
        "the data may no longer be 1",
    ),
    (
        r#"{"enum": ["a", 1], "type": "string"}"#,
        r#"{"type": "string"}"#,
        "",
    ),
    (r#"{"const": 1}"#, r#"{"const": 1.0}"#, ""),
    (
        r#"{"const": 1}"#,
        r#"{"minimum": 2}"#,
        "the data may no longer be 1",
    ),
    (r#"{"const": {"a": 1}}"#, r#"{"required": ["a"]}"#, ""),
    (
        r#"{"type": "string"}"#,
        r#"{"enum": ["a"]}"#,
        r#"the data now must be "a""#,
    ),
    (r#"{"type": "boolean"}"#, r#"{"enum": [true, false]}"#, ""),
    (
        r#"{"type": "boolean"}"#,
        r#"{"const": true}"#,
        "the data may no longer be false",
    ),
    (r#"{"type": "null"}"#, r#"{"const": null}"#, ""),
    (
        r#"{"enum": ["a", "b"]}"#,
        r#"{"oneOf": [{"const": "a"}, {"const": "b"}, {"const": "c"}]}"#,
        "",
    ),
    (
        r#"{"oneOf": [{"const": "a"}, {"const": "b"}]}"#,
        r#"{"enum": ["a", "b"]}"#,
        "",
    ),
    (
        r#"{"oneOf": [{"const": "a"}, {"const": "b"}]}"#,
        r#"{"oneOf": [{"const": "a"}]}"#,
        r#"the data may no longer be "b""#,
    ),
];

#[test]
fn options() {
    check(OPTIONS);
}

const NUMBERS_AND_STRINGS: &[Row] = &[
    (
        r#"{"minimum": 2, "type": "integer"}"#,
        r#"{"minimum": 1}"#,
        "",
    ),
    (
        r#"{"minimum": 1, "type": "integer"}"#,
        r#"{"minimum": 2}"#,
        "the data now must be at least 2",
    ),
    (
        r#"{"type": "integer"}"#,
        r#"{"minimum": 2}"#,
        "the data now must be at least 2",
    ),
    (
        r#"{"type": "string"}"#,
        r#"{"minimum": 2, "type": "string"}"#,
        "",
    ),
    (
        r#"{"maximum": 1, "type": "number"}"#,
        r#"{"maximum": 0.5}"#,
        "the data now must be at most 0.5",
    ),
    (
        r#"{"maximum": 1, "type": "number"}"#,
        r#"{"maximum": 1.0}"#,
        "",
    ),
    (
        r#"{"exclusiveMinimum": 0, "type": "integer"}"#,
        r#"{"minimum": 1}"#,
        "",
    ),
    (
        r#"{"exclusiveMinimum": 0, "type": "number"}"#,
        r#"{"minimum": 1}"#,
        "the data now must be at least 1",
    ),
    (
        r#"{"exclusiveMinimum": 1, "type": "number"}"#,
        r#"{"minimum": 1}"#,
        "",
    ),
    (
        r#"{"minimum": 1, "type": "number"}"#,
        r#"{"exclusiveMinimum": 1}"#,
        "the data now must be more than 1",
    ),
    (
        r#"{"exclusiveMaximum": 1, "type": "number"}"#,
        r#"{"maximum": 1}"#,
        "",
    ),
    (
        r#"{"exclusiveMaximum": 3, "type": "integer"}"#,
        r#"{"maximum": 2}"#,
        "",
    ),
    (
        r#"{"maximum": 1, "type": "number"}"#,
        r#"{"exclusiveMaximum": 1}"#,
        "the data now must be less than 1",
    ),
    (
        r#"{"multipleOf": 6, "type": "integer"}"#,
        r#"{"multipleOf": 3}"#,
        "",
    ),
    (
        r#"{"multipleOf": 3, "type": "integer"}"#,
        r#"{"multipleOf": 6}"#,
        "the data now must be a multiple of 6",
    ),
    (
        r#"{"multipleOf": 0.1, "type": "number"}"#,
        r#"{"multipleOf": 0.1}"#,
        "",
    ),
    (
        r#"{"minLength": 2, "type": "string"}"#,
        r#"{"minLength": 1}"#,
        "",
    ),
    (
        r#"{"type": "string"}"#,
        r#"{"minLength": 1}"#,
        "the data now must have at least 1 character",
    ),
    (
        r#"{"maxLength": 2, "type": "string"}"#,
        r#"{"maxLength": 3}"#,
        "",
    ),
    (
        r#"{"maxLength": 2, "type": "string"}"#,
        r#"{"maxLength": 1}"#,
        "the data now must have at most 1 character",
    ),
    (
        r#"{"pattern": "^a", "type": "string"}"#,
        r#"{"type": "string"}"#,
        "",
    ),
    (
        r#"{"pattern": "^a", "type": "string"}"#,
        r#"{"pattern": "^a"}"#,
        "",
    ),
    (
        r#"{"pattern": "^a", "type": "string"}"#,
        r#"{"pattern": "a"}"#,
        "the data now must match the pattern a",
    ),
    (r#"{"type": "integer"}"#, r#"{"pattern": "a"}"#, ""),
];

#[test]
fn numbers_and_strings() {
    check(NUMBERS_AND_STRINGS);
}

const ARRAYS: &[Row] = &[
    (
        r#"{"type": "array", "items": {"type": "integer"}}"#,
        r#"{"items": {"type": "number"}}"#,
        "",
    ),
    (
        r#"{"type": "array", "items": {"type": "number"}}"#,
        r#"{"items": {"type": "integer"}}"#,
        "[] may no longer be a fraction",
    ),
    (
        r#"{"type": "array"}"#,
        r#"{"items": {"minimum": 1}}"#,
        "[] may no longer be just anything",
    ),
    (
        r#"{"type": "array", "maxItems": 0}"#,
        r#"{"items": false}"#,
        "",
    ),
    (
        r#"{"type": "array", "minItems": 1}"#,
        r#"{"minItems": 2}"#,
        "the data now must have at least 2 items",
    ),
    (
        r#"{"type": "array", "minItems": 2}"#,
        r#"{"minItems": 1}"#,
        "",
    ),
    (
        r#"{"type": "array"}"#,
        r#"{"maxItems": 1}"#,
        "the data now must have at most 1 item",
    ),
    (
        r#"{"type": "array", "uniqueItems": true}"#,
        r#"{"type": "array"}"#,
        "",
    ),
    (
        r#"{"type": "array"}"#,
        r#"{"uniqueItems": true}"#,
        "the data now must not have two equal items",
    ),
    (
        r#"{"type": "array", "maxItems": 1}"#,
        r#"{"uniqueItems": true}"#,
        "",
    ),
    (
        r#"{"type": "array", "prefixItems": [{"type": "string"}, {"type": "null"}], "items": false}"#,
        r#"{"prefixItems": [{"type": "string"}], "items": {"type": ["null", "string"]}}"#,
        "",
    ),
    (
        r#"{"type": "array", "prefixItems": [{"type": "string"}, {"type": "null"}], "items": false}"#,
        r#"{"prefixItems": [{"type": "string"}], "items": {"type": "string"}}"#,
        "[1] may no longer be null",
    ),
    (
        r#"{"type": "array", "items": {"type": "string"}}"#,
        r#"{"prefixItems": [{"maxLength": 1}]}"#,
        "[0] now must have at most 1 character",
    ),
    (
        r#"{"type": "array", "contains": {"const": 1}}"#,
        r#"{"contains": {"const": 1}}"#,
        "",
    ),
    (
        r#"{"type": "array", "contains": {"const": 1}}"#,
        r#"{"contains": {"const": 2}}"#,
        "the data now must contain something else",
    ),
    (
        r#"{"type": "array", "contains": {"const": 1}}"#,
        r#"{"contains": {"const": 1}, "minContains": 2}"#,
        "the data now must contain something else",
    ),
];

#[test]
fn arrays() {
    check(ARRAYS);
}
