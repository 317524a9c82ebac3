//! Changes of alternatives, and of schemas that refer to others.

use serde_json::json;

use crate::{Row, check, reasons};

const COMBINATIONS: &[Row] = &[
    (
        r#"{"type": "string"}"#,
        r#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#,
        "",
    ),
    (
        r#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#,
        r#"{"type": ["string", "null"]}"#,
        "",
    ),
    (
        r#"{"type": ["string", "null"]}"#,
        r#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#,
        "",
    ),
    (
        r#"{"type": ["string", "null", "integer"]}"#,
        r#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#,
        "the data may have a form that is no longer allowed",
    ),
    (
        r#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#,
        r#"{"type": "string"}"#,
        "the data may no longer be null",
    ),
    (
        r#"{"type": "string"}"#,
        r#"{"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]}"#,
        "the data now must have at most 3 characters",
    ),
    (
        r#"{"type": "number"}"#,
        r#"{"anyOf": [{"type": "integer"}, {"type": "number"}]}"#,
        "",
    ),
    (
        r#"{"type": "number"}"#,
        r#"{"oneOf": [{"type": "integer"}, {"type": "number"}]}"#,
        "the data may fit more than one of the new forms",
    ),
    (
        r#"{"type": "number"}"#,
        r#"{"oneOf": [{"type": "integer"}, {"type": "string"}]}"#,
        "the data may no longer be a fraction",
    ),
    (
        r#"{"allOf": [{"type": "integer"}, {"minimum": 1}]}"#,
        r#"{"type": "integer", "minimum": 0}"#,
        "",
    ),
    (
        r#"{"type": "integer", "minimum": 1}"#,
        r#"{"allOf": [{"type": "integer"}, {"minimum": 2}]}"#,
        "the data now must be at least 2",
    ),
    (
        r#"{"type": "integer", "not": {"const": 1}}"#,
        r#"{"type": "integer"}"#,
        "",
    ),
    (
        r#"{"type": "integer", "not": {"const": 1}}"#,
        r#"{"not": {"const": 1}}"#,
        "",
    ),
    (
        r#"{"type": "integer"}"#,
        r#"{"not": {"type": "string"}}"#,
        "",
    ),
    (
        r#"{"type": "integer"}"#,
        r#"{"not": {"const": 1}}"#,
        "the data may no longer be all that it was: more is excluded",
    ),
    (
        r#"{"type": "string", "if": {"maxLength": 1}, "then": {"pattern": "a"}}"#,
        r#"{"if": {"maxLength": 1}, "then": {"pattern": "a"}}"#,
        "",
    ),
    (
        r#"{"type": "string", "if": {"maxLength": 1}, "then": {"pattern": "a"}}"#,
        r#"{"if": {"maxLength": 1}, "else": {"pattern": "a"}}"#,
        "the data now must match the pattern a",
    ),
    (
        r#"{"type": "string", "then": {"maxLength": 1}, "else": {"pattern": "a"}}"#,
        r#"{"if": {"maxLength": 1}, "then": {"pattern": "a"}}"#,
        "the data now must match the pattern a",
    ),
    (
        r#"{"type": "string"}"#,
        r#"{"if": {"const": "x"}, "then": {"minLength": 0}}"#,
        "",
    ),
    (
        r#"{"oneOf": [{"minimum": 1}, {"maximum": 5}]}"#,
        r#"{"oneOf": [{"minimum": 1}, {"maximum": 5}]}"#,
        "",
    ),
];

#[test]
fn combinations() {
    check(COMBINATIONS);
}

#[test]
fn enums_of_rust() {
    let tagged = |forms: &[(&str, &str)]| {
        let form = |(tag, field): &(&str, &str)| {
            json!({ "type": "object", "properties": { "op": { "type": "string", "const": tag }, (*field): { "$ref": "#" } },
                    "required": ["op", field] })
        };
        let mut forms: Vec<_> = forms.iter().map(form).collect();
        forms.push(json!({ "type": "string" }));
        json!({ "oneOf": forms }).to_string()
    };
    let one = tagged(&[("not", "of")]);
    let two = tagged(&[("not", "of"), ("also", "of")]);
    let renamed = tagged(&[("not", "what"), ("also", "of")]);
    assert_eq!(reasons(&one, &two), "");
    assert_eq!(
        reasons(&two, &one),
        "the data may have a form that is no longer allowed"
    );
    assert_eq!(
        reasons(&two, &renamed),
        "what is now required; (what may no longer be just anything)"
    );
    let wrapped = |names: &[&str]| {
        let form = |name: &&str| {
            json!({ "type": "object", "properties": { *name: { "type": "integer" } }, "required": [name],
                    "additionalProperties": false })
        };
        json!({ "oneOf": names.iter().map(form).collect::<Vec<_>>() }).to_string()
    };
    assert_eq!(reasons(&wrapped(&["A"]), &wrapped(&["A", "B"])), "");
    assert_eq!(
        reasons(&wrapped(&["A"]), &wrapped(&["B"])),
        "the data may have a form that is no longer allowed"
    );
}

#[test]
fn references() {
    let list = |extra: &str| {
        format!(
            r##"{{"$ref": "#/$defs/N", "$defs": {{"N": {{"type": "object", "properties": {{
                "value": {{"type": "integer"{extra}}},
                "next": {{"anyOf": [{{"$ref": "#/$defs/N"}}, {{"type": "null"}}]}}}},
                "required": ["value"], "additionalProperties": false}}}}}}"##
        )
    };
    let inline = r##"{"type": "object", "properties": {"value": {"type": "number"},
        "next": {"type": ["object", "null"], "properties": {"value": {"type": "integer"}, "next": {"$ref": "#"}}}}}"##;
    assert_eq!(reasons(&list(""), &list("")), "");
    assert_eq!(reasons(&list(r#", "minimum": 1"#), &list("")), "");
    assert_eq!(
        reasons(&list(""), &list(r#", "minimum": 1"#)),
        "value now must be at least 1"
    );
    // The second of the inlined levels takes null only, where the first is the root.
    assert_eq!(
        reasons(&list(""), inline),
        "next.next may no longer be null"
    );
    check(&[
        (
            r##"{"$ref": "#/$defs/A", "$defs": {"A": {"type": "string"}}}"##,
            r#"{"type": "string"}"#,
            "",
        ),
        (
            r#"{"type": "string"}"#,
            r##"{"$ref": "#/$defs/B", "$defs": {"B": {"type": "string"}}}"##,
            "",
        ),
        (
            r##"{"$ref": "#/$defs/A", "$defs": {"A": {"type": "string"}}, "maxLength": 3}"##,
            r##"{"$ref": "#/$defs/A", "$defs": {"A": {"maxLength": 4}}, "type": "string"}"##,
            "",
        ),
    ]);
}

#[test]
fn a_comparison_has_an_end() {
    // Each of these may be followed by each other.
    let names: Vec<_> = (0..12).map(|index| format!("n{index}")).collect();
    let grammar = |last: &str| {
        let forms: Vec<_> = names
            .iter()
            .map(|name| json!({ "$ref": format!("#/$defs/{name}") }))
            .collect();
        let rule = |name: &String| {
            let rule = json!({ "type": "object", "properties": { "rule": { "const": name }, "a": { "oneOf": forms }, "b": { "oneOf": forms } },
                               "required": ["rule", "a", "b"] });
            (name.clone(), rule)
        };
        let mut rules: serde_json::Map<_, _> = names.iter().map(rule).collect();
        rules.insert("n11".into(), json!({ "type": last }));
        json!({ "oneOf": forms, "$defs": rules }).to_string()
    };
    assert_eq!(reasons(&grammar("string"), &grammar("string")), "");
    assert!(
        reasons(&grammar("string"), &grammar("integer"))
            .contains("the data may have a form that is no longer allowed")
    );

    let link = |index: usize| json!({ "anyOf": [{ "type": "object" }, { "minLength": index }], "properties": { "a": { "$ref": "#" } } });
    let wide = json!({ "allOf": (0..30).map(link).collect::<Vec<_>>() }).to_string();
    assert_eq!(
        reasons(&wide, &wide.replace("minLength", "maxLength")),
        "the data is too complex to be compared"
    );
}

#[test]
fn a_comparison_does_not_go_too_deep() {
    let group = |index: usize| json!({ "anyOf": [{ "minLength": index }], "title": "t" });
    let groups = |count| json!({ "allOf": (0..count).map(group).collect::<Vec<_>>() }).to_string();
    assert_eq!(reasons(&groups(50), &groups(49)), "");
    assert_eq!(
        reasons(&groups(300), &groups(299)),
        "the data is too complex to be compared"
    );
    // It concerns everyone, even where the last that was looked at is not mentioned.
    let fields = |fields: String| format!(r#"{{"type": "object", "properties": {{{fields}}}}}"#);
    let old = fields(format!(r#""a": {}"#, groups(300)));
    let new = fields(format!(r#""a": {}, "z": {{"type": "null"}}"#, groups(299)));
    assert_eq!(
        reasons(&old, &new),
        "the data is too complex to be compared"
    );
}
