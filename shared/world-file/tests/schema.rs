//! The JSON Schema for editors and the page of all fields are those of the types.

use std::fs;
use std::path::{Path, PathBuf};

use manyworlds_world_file::{WorldFile, check_references, json_schema, reference};
use serde_json::{Value, json};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

#[test]
fn the_example_worlds_fit_the_schema_and_refer_to_what_is_there() {
    let schema = json_schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for entry in fs::read_dir(repository("deploy/worlds")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let file = WorldFile::parse(&text).unwrap();
        assert_eq!(check_references(&file.spec, None), [], "{}", path.display());
        let value = manyworlds_world_file::to_json(&text).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0], "{}", path.display());
    }
}

#[test]
fn the_schema_refuses_what_a_file_may_not_have() {
    let schema = json_schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let entity = |entity: Value| json!({"id": "w", "entities": [entity]});
    for (value, expected) in [
        (json!({"id": "w"}), true),
        (json!({"name": "W"}), false),
        (json!({"id": "w", "entitties": []}), false),
        (json!({"id": "w", "turn_limit": "many"}), false),
        (
            entity(json!({"id": "a", "kind": "object", "state": [1], "metadata": {"any": {}}})),
            true,
        ),
        (entity(json!({"id": "a", "kind": "robot"})), false),
        (
            entity(json!({"id": "a", "kind": "agent", "agent": {"toolz": {}}})),
            false,
        ),
        (
            entity(json!({"id": "a", "kind": "agent", "agent": {"brain": {"lm": {}}}})),
            false,
        ),
        (
            json!({"id": "w", "behaviours": {"a": {"initial": "x", "states": {"x": {"wait_secs": 1}}}}}),
            false,
        ),
        (
            json!({"id": "w", "behaviours": {"a": {"machine": {"anything": 1}}}}),
            true,
        ),
    ] {
        assert_eq!(validator.is_valid(&value), expected, "{value}");
    }
}

#[test]
fn the_page_of_all_fields_is_current() {
    let path = repository("docs/world-files-reference.md");
    let page = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        page == reference(),
        "run: manyworlds world schema --reference > docs/world-files-reference.md"
    );
}

#[test]
fn every_field_has_a_description() {
    let schema = json_schema();
    let definitions = schema["$defs"].as_object().unwrap();
    let mut missing = Vec::new();
    for (name, definition) in definitions {
        for (field, schema) in definition["properties"].as_object().into_iter().flatten() {
            // That of an optional field may be with its type.
            let alternatives = schema["oneOf"].as_array().into_iter().flatten();
            let mut all = std::iter::once(schema).chain(alternatives);
            if !all.any(|schema| schema["description"].is_string()) {
                missing.push(format!("{name}.{field}"));
            }
        }
    }
    assert_eq!(missing, [""; 0]);
}
