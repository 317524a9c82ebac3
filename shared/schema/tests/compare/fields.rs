//! Changes of keywords for the fields of an object.

use crate::{Row, check};

const FIELDS: &[Row] = &[
    (
        r#"{"type": "object", "properties": {"customer": {"type": "object", "properties": {"name": {}}}}}"#,
        r#"{"properties": {"customer": {"required": ["name"], "properties": {"name": {}}}}}"#,
        "customer.name is now required",
    ),
    (
        r#"{"type": "object", "required": ["a", "b"]}"#,
        r#"{"required": ["a"]}"#,
        "",
    ),
    (
        r#"{"type": "object", "properties": {"a": {"type": "integer"}}}"#,
        r#"{"properties": {"a": {"type": "string"}}}"#,
        "a may no longer be a whole number",
    ),
    (
        r#"{"type": "object", "properties": {"a": {"type": "integer"}}}"#,
        r#"{"type": "object"}"#,
        "",
    ),
    (
        r#"{"type": "object", "properties": {"a": {}}, "additionalProperties": false}"#,
        r#"{"properties": {"a": {}, "b": {"type": "string"}}, "additionalProperties": false}"#,
        "",
    ),
    (
        r#"{"type": "object", "properties": {"a": {}, "b": {"type": "null"}}, "additionalProperties": false}"#,
        r#"{"properties": {"a": {}}, "additionalProperties": false}"#,
        "b may no longer be null",
    ),
    (
        r#"{"type": "object", "additionalProperties": {"type": "integer"}}"#,
        r#"{"additionalProperties": {"type": "number"}}"#,
        "",
    ),
    (
        r#"{"type": "object", "additionalProperties": {"type": "integer"}}"#,
        r#"{"properties": {"a": {"type": "string"}}}"#,
        "a may no longer be a whole number",
    ),
    (
        r#"{"type": "object", "additionalProperties": {"type": "integer"}}"#,
        r#"{"additionalProperties": {"type": "string"}}"#,
        "[*] may no longer be a whole number",
    ),
    (
        r#"{"type": "object", "minProperties": 1}"#,
        r#"{"minProperties": 2}"#,
        "the data now must have at least 2 fields",
    ),
    (
        r#"{"type": "object"}"#,
        r#"{"maxProperties": 2}"#,
        "the data now must have at most 2 fields",
    ),
    (
        r#"{"type": "object", "dependentRequired": {"a": ["b"]}}"#,
        r#"{"dependentRequired": {"a": ["b"]}}"#,
        "",
    ),
    (
        r#"{"type": "object", "required": ["b"]}"#,
        r#"{"dependentRequired": {"a": ["b"]}}"#,
        "",
    ),
    (
        r#"{"type": "object", "properties": {"a": {}}}"#,
        r#"{"dependentRequired": {"a": ["b"]}}"#,
        "b now is required beside a",
    ),
    (
        r#"{"type": "object", "properties": {"a": false}}"#,
        r#"{"dependentRequired": {"a": ["b"]}}"#,
        "",
    ),
    (
        r#"{"type": "object", "dependentSchemas": {"a": {"minProperties": 2}}}"#,
        r#"{"dependentSchemas": {"a": {"minProperties": 2}}}"#,
        "",
    ),
    (
        r#"{"type": "object", "properties": {"a": {}}}"#,
        r#"{"dependentSchemas": {"a": {"minProperties": 2}}}"#,
        "the data now must have at least 2 fields",
    ),
    (
        r#"{"type": "object", "patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": false}"#,
        r#"{"patternProperties": {"^x": {"type": "number"}}, "additionalProperties": false}"#,
        "",
    ),
    (
        r#"{"type": "object", "patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": false}"#,
        r#"{"additionalProperties": {"type": "string"}}"#,
        "[*] may no longer be a whole number",
    ),
    (
        r#"{"type": "object", "properties": {"xy": {"type": "string"}}, "additionalProperties": false}"#,
        r#"{"patternProperties": {"^x": {"type": "integer"}}}"#,
        "xy may no longer be a string",
    ),
    (
        r#"{"type": "object", "propertyNames": {"maxLength": 3}}"#,
        r#"{"propertyNames": {"maxLength": 4}}"#,
        "",
    ),
    (
        r#"{"type": "object", "propertyNames": {"maxLength": 3}}"#,
        r#"{"propertyNames": {"maxLength": 2}}"#,
        "[*] now must have at most 2 characters",
    ),
    (
        r#"{"type": "object", "properties": {"abc": {}}, "additionalProperties": false}"#,
        r#"{"propertyNames": {"maxLength": 2}}"#,
        "abc may no longer be there",
    ),
    (
        r#"{"type": "object", "properties": {"ab": {}}, "additionalProperties": false}"#,
        r#"{"propertyNames": {"maxLength": 2}}"#,
        "",
    ),
];

#[test]
fn fields() {
    check(FIELDS);
}

const FIELDS_THAT_THE_OLD_SCHEMA_DOES_NOT_MENTION: &[Row] = &[
    (
        r#"{"type": "object", "properties": {"a": {}}}"#,
        r#"{"type": "object", "properties": {"a": {}, "note": {"type": ["string", "null"]}}}"#,
        "(note may no longer be just anything)",
    ),
    (
        r#"{"type": "object", "properties": {"a": {}}}"#,
        r#"{"type": "object", "properties": {"a": {}, "note": {"type": "string"}}, "required": ["note"]}"#,
        "note is now required; \
          (note may no longer be just anything)",
    ),
    (
        r#"{"type": "object", "properties": {"a": {}}}"#,
        r#"{"type": "object", "properties": {"a": {}, "note": {}}}"#,
        "",
    ),
    (
        r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#,
        r#"{"properties": {"a": {"type": "string"}}, "additionalProperties": false}"#,
        "([*] may no longer be just anything)",
    ),
    (
        r#"{"type": "object", "properties": {}, "additionalProperties": true}"#,
        r#"{"properties": {"a": {"type": "object"}}}"#,
        "a may no longer be null, true or false, a number, a string or an array",
    ),
    (
        r#"{"type": "object"}"#,
        r#"{"propertyNames": {"maxLength": 2}}"#,
        "([*] may no longer have any name)",
    ),
    (
        r#"{"type": "object"}"#,
        r#"{"dependentRequired": {"a": ["b"]}}"#,
        "(b now is required beside a)",
    ),
];

#[test]
fn fields_that_the_old_schema_does_not_mention() {
    check(FIELDS_THAT_THE_OLD_SCHEMA_DOES_NOT_MENTION);
}
