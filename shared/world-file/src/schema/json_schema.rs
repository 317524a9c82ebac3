//! The JSON Schema of world files.

use contract::WorldSpec;
use contract::behaviour::Document;
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema as _, ToSchema as _};

/// The JSON Schema (draft 2020-12) of world files, made of the types.
pub fn json_schema() -> Value {
    let mut schemas = Vec::new();
    WorldSpec::schemas(&mut schemas);
    Document::schemas(&mut schemas);
    schemas.push((Document::name().into_owned(), Document::schema()));
    let mut definitions = Map::new();
    for (name, schema) in schemas {
        // An alias has the name of its generic type: it is the only one of it.
        let name = match name.as_str() {
            "BTreeMap" => "McpServers".to_owned(),
            _ => name,
        };
        definitions.insert(name, adapted(json!(schema)));
    }
    // A behaviour is any JSON for the services.
    let behaviour = json!({"anyOf": [
        {"$ref": format!("#/$defs/{}", Document::name())},
        {"type": "object", "required": ["machine"]},
        {"type": "object", "required": ["initial_state"]},
    ]});
    describe(&mut definitions, "RoleSpec", "behaviour", &behaviour);
    allow_wildcards(&mut definitions);
    let mut root = adapted(json!(WorldSpec::schema()));
    root["properties"]["id"] = json!({
        "type": "string",
        "description": "Its id: 1 to 64 of A-Z a-z 0-9 _ -",
        "pattern": "^[A-Za-z0-9_-]{1,64}$",
    });
    root["properties"]["behaviours"]["additionalProperties"] = behaviour;
    // Everything but the id has a default.
    root["required"] = json!(["id"]);
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("World file");
    root["$defs"] = Value::Object(definitions);
    root
}

/// Replaces what a field may be, and keeps its description.
fn describe(definitions: &mut Map<String, Value>, name: &str, field: &str, schema: &Value) {
    let pointer = format!("/properties/{field}");
    let place = definitions
        .get_mut(name)
        .and_then(|definition| definition.pointer_mut(&pointer));
    if let Some(place) = place {
        let description = place.get("description").cloned();
        *place = schema.clone();
        if let Some(description) = description {
            place["description"] = description;
        }
    }
}

/// The times of behaviours are numbers, or texts such as `<learn_time>` that wildcards replace.
fn allow_wildcards(definitions: &mut Map<String, Value>) {
    for name in ["State", "Transition", "Teleport"] {
        let definition = definitions.get_mut(name);
        let properties = definition.and_then(|definition| definition["properties"].as_object_mut());
        for (field, schema) in properties.into_iter().flatten() {
            if field.ends_with("_seconds") {
                schema["type"] = json!(["number", "string", "null"]);
            }
        }
    }
}

/// A schema of an OpenAPI document as one of a JSON Schema, with unknown fields refused.
fn adapted(schema: Value) -> Value {
    match schema {
        Value::Object(mut fields) => {
            if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
            // An optional `serde_json::Value` is described so, and holds any JSON.
            let is_any = fields.get("type") == Some(&json!(["object", "null"]));
            if is_any
                && !["properties", "additionalProperties"]
                    .iter()
                    .any(|name| fields.contains_key(*name))
            {
                fields.remove("type");
            }
            let fields = fields.into_iter().map(|(name, value)| match value {
                Value::String(target) if name == "$ref" => (
                    name,
                    json!(
                        target
                            .replace("#/components/schemas/", "#/$defs/")
                            .replace("/BTreeMap", "/McpServers")
                    ),
                ),
                value => (name, adapted(value)),
            });
            Value::Object(fields.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(adapted).collect()),
        other => other,
    }
}
