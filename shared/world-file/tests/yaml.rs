//! World files are YAML 1.2: what the scalars, names, anchors and documents of a text stand for.

use std::fmt::Write as _;

use manyworlds_world_file::{Error, WorldFile, parse_behaviour};
use serde_json::{Value, json};

fn parse(text: &str) -> Result<WorldFile, String> {
    WorldFile::parse(text).map_err(|error| error.to_string())
}

/// The metadata of a world whose file has these lines for it.
fn metadata(yaml: &str) -> Result<Value, String> {
    let indented: String = yaml.lines().map(|line| format!("  {line}\n")).collect();
    let world = parse(&format!("id: w\nmetadata:\n{indented}"))?;
    serde_json::to_value(world.spec.metadata).map_err(|error| error.to_string())
}

#[test]
fn words_that_were_booleans_in_yaml_1_1_are_texts() {
    let words = [
        "no", "yes", "on", "off", "y", "n", "No", "YES", "Off", "014", "12:30:45", "1_000",
    ];
    for word in words {
        let values = format!("value: {word}\nlist: [de, {word}]\ndeep: {{a: {{b: {word}}}}}");
        let expected = json!({"value": word, "list": ["de", word], "deep": {"a": {"b": word}}});
        assert_eq!(metadata(&values), Ok(expected), "{word}");
    }
}

#[test]
fn every_plain_scalar_is_a_name_as_it_is_written() {
    for name in [
        "y", "n", "no", "on", "true", "null", "~", "1", "014", "1.10", ".inf", "0x10", "12:30",
    ] {
        for yaml in [format!("{name}: 1"), format!("? {name}\n: 1")] {
            assert_eq!(metadata(&yaml), Ok(json!({name: 1})), "{yaml}");
        }
        let flow = format!("m: {{x: 3, {name}: 4}}");
        assert_eq!(
            metadata(&flow),
            Ok(json!({"m": {"x": 3, name: 4}})),
            "{flow}"
        );
    }
}

#[test]
fn numbers_are_kept_exactly() {
    for (yaml, expected) in [
        ("9007199254740993", "9007199254740993"),
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("0o14", "12"),
        ("0xff", "255"),
        ("0.1", "0.1"),
        ("1.0", "1.0"),
        ("14", "14"),
        ("-0", "0"),
        ("'14'", "\"14\""),
        ("!!str 14", "\"14\""),
        ("|-\n  14", "\"14\""),
    ] {
        let value = metadata(&format!("n: {yaml}")).unwrap();
        assert_eq!(value["n"].to_string(), expected, "{yaml}");
    }
}

#[test]
fn a_number_that_json_does_not_have_is_refused_with_its_path() {
    for number in [
        ".inf",
        "-.inf",
        ".nan",
        "18446744073709551616",
        "-9223372036854775809",
        "1e999",
        "0xfffffffffffffffff",
    ] {
        let error = metadata(&format!("a:\n  b: [1, {number}]")).unwrap_err();
        assert!(
            error.starts_with("line 4, column 12: metadata.a.b[1]: "),
            "{error}"
        );
        assert!(error.contains(number), "{error}");
    }
}

#[test]
fn a_text_where_a_text_is_expected_is_what_is_written() {
    let world = parse("id: 007\nname: 2026\ndescription: 1.10\nmain_agent: no").unwrap();
    assert_eq!(world.id.as_str(), "007");
    let spec = world.spec;
    assert_eq!(
        (&*spec.name, &*spec.description, &*spec.main_agent),
        ("2026", "1.10", "no")
    );
}

#[test]
fn a_name_that_is_there_twice_is_refused_wherever_it_is() {
    for (yaml, place) in [
        ("a: 1\na: 2", "line 4, column 3: metadata.a: "),
        (
            "a: {b: 1, c: {d: 1, d: 2}}",
            "line 3, column 23: metadata.a.c.d: ",
        ),
        (
            "a: [{b: 1, 'b': 2}]",
            "line 3, column 14: metadata.a[0].b: ",
        ),
    ] {
        let error = metadata(yaml).unwrap_err();
        assert!(
            error.starts_with(place) && error.contains("twice"),
            "{error}"
        );
    }
    let error = parse("id: a\nname: b\nid: c").unwrap_err();
    assert!(
        error.contains("line 3, column 1: id: is there twice, first in line 1"),
        "{error}"
    );
}

#[test]
fn aliases_and_merge_keys_repeat_values() {
    let yaml = "base: &base {a: 1, b: 2}\ncopy: *base\nmore: {<<: *base, b: 3}\nboth: {b: 4, <<: [{b: 5, c: 6}, {c: 7}]}";
    let base = json!({"a": 1, "b": 2});
    let expected =
        json!({"base": base, "copy": base, "more": {"a": 1, "b": 3}, "both": {"b": 4, "c": 6}});
    assert_eq!(metadata(yaml), Ok(expected));
    assert_eq!(metadata("a: {'<<': 1}"), Ok(json!({"a": {"<<": 1}})));
    assert!(metadata("a: {<<: 1}").is_err());
}

#[test]
fn what_aliases_repeat_is_bounded() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        writeln!(laughs, "a{level}: &a{level} [{below}]").unwrap();
    }
    let error = metadata(&laughs).unwrap_err();
    assert!(
        error.contains("aliases repeat") || error.contains("anchors"),
        "{error}"
    );
    let mut merges = "a0: &a0 {x: 1}\n".to_owned();
    for level in 1..30 {
        let below = level - 1;
        writeln!(
            merges,
            "a{level}: &a{level} {{l: *a{below}, r: *a{below}, <<: *a{below}}}"
        )
        .unwrap();
    }
    assert!(metadata(&merges).is_err());
    let text = "x".repeat(1_000_000);
    let copies = "*a, ".repeat(100);
    let error = metadata(&format!("a: &a {text}\nb: [{copies}]")).unwrap_err();
    assert!(error.contains("bytes"), "{error}");
    for yaml in ["a: &a [*a]", "a: &a {b: *a}", "a: &a {<<: *a}", "a: *b"] {
        assert!(metadata(yaml).is_err(), "{yaml}");
    }
}

#[test]
fn a_text_is_not_deeper_than_json_may_be() {
    let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    assert!(metadata(&format!("a: {}", nested(100))).is_ok());
    for levels in [130, 200, 300, 100_000] {
        assert!(
            metadata(&format!("a: {}", nested(levels))).is_err(),
            "{levels}"
        );
    }
    let with_alias = format!("a: &a {}\nb: {}", nested(80), nested(80).replace('1', "*a"));
    assert!(metadata(&with_alias).unwrap_err().contains("levels deep"));
}

#[test]
fn a_file_is_one_document() {
    assert!(parse("---\nid: a\n...\n").is_ok());
    assert!(parse("%YAML 1.2\n---\nid: a\n").is_ok());
    let error = parse("id: a\n---\nid: b\n").unwrap_err();
    assert_eq!(error, "line 2, column 1: a file holds one document");
    for empty in ["", "\n\n", "# nothing\n", "---\n...\n"] {
        assert!(parse(empty).is_err(), "{empty:?}");
    }
}

#[test]
fn ends_of_lines_and_a_byte_order_mark_change_nothing() {
    let text = "id: a\nname: A\nentities:\n  - id: b\n    kind: object\n    description: |\n      one\n      two\n";
    let expected = parse(text).unwrap();
    for changed in [
        text.replace('\n', "\r\n"),
        format!("\u{feff}{text}"),
        format!("\u{feff}{}", text.replace('\n', "\r\n")),
    ] {
        assert_eq!(parse(&changed).unwrap(), expected, "{changed:?}");
    }
    let error = parse(&text.replace("object", "objekt").replace('\n', "\r\n")).unwrap_err();
    assert!(
        error.starts_with("line 5, column 11: entities[0].kind: "),
        "{error}"
    );
}

#[test]
fn a_tab_does_not_indent() {
    let error = parse("id: a\nmetadata:\n\tb: 1\n").unwrap_err();
    assert!(error.starts_with("line 3, "), "{error}");
    assert!(parse("{\n\t\"id\": \"a\",\n\t\"name\": \"A\"\n}").is_ok());
}

#[test]
fn tags_are_those_of_the_core_schema() {
    assert_eq!(
        metadata("a: !!str no\nb: !!int 5\nc: !!map {d: !!seq []}"),
        Ok(json!({"a": "no", "b": 5, "c": {"d": []}}))
    );
    for yaml in [
        "a: !!binary aGk=",
        "a: !secret x",
        "a: !!int x",
        "a: !!timestamp 2001-01-01",
        "a: !!set {b}",
    ] {
        let error = metadata(yaml).unwrap_err();
        assert!(error.contains("metadata.a"), "{error}");
    }
}

#[test]
fn a_name_is_a_scalar() {
    for yaml in ["? [a, b]\n: 1", "? {a: 1}\n: 1", "{[a]: 1}"] {
        assert!(metadata(yaml).is_err(), "{yaml}");
    }
}

#[test]
fn a_behaviour_is_yaml_1_2_too() {
    let text = "initial: no\nstates:\n  no: {args: {y: on, n: 014}}\n  y: {}\n";
    let json = r#"{"initial":"no","states":{"no":{"args":{"y":"on","n":"014"}},"y":{}}}"#;
    assert_eq!(parse_behaviour(text).unwrap().json(), json);
    for text in ["a: .inf", "a: 1\na: 2", "", "a: 1\n---\nb: 1"] {
        assert!(
            matches!(parse_behaviour(text), Err(Error::NotBehaviour(_))),
            "{text}"
        );
    }
}
