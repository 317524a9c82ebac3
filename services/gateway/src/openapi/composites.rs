//! Schemas that are composed of others, written so that generators of clients read them.
//!
//! A flattened structure becomes one object, or one object for each variant of a flattened enum: most generators take
//! no `allOf` of a `oneOf`. The variants of an enum get names of their own.

use serde_json::{Map, Value, json};

use super::references::{Schemas, name_of, reference_to};

/// Rewrites the composed schemas among these.
pub(super) fn rewrite(schemas: &mut Schemas) {
    merge_all_of(schemas);
    name_variants(schemas);
}

fn merge_all_of(schemas: &mut Schemas) {
    let names: Vec<String> = schemas.keys().cloned().collect();
    for name in names {
        let Some(parts) = schemas[&name].get("allOf").and_then(Value::as_array) else {
            continue;
        };
        let mut merged = merge(schemas, parts);
        let mut schema = match merged.len() {
            1 => merged.remove(0),
            _ => Map::from_iter([("oneOf".to_owned(), merged.into())]),
        };
        if let Some(description) = schemas[&name].get("description") {
            schema.insert("description".to_owned(), description.clone());
        }
        schemas.insert(name, schema.into());
    }
}

/// The objects that have the properties of all parts: one for each combination of their variants.
fn merge(schemas: &Schemas, parts: &[Value]) -> Vec<Map<String, Value>> {
    let mut merged = vec![Map::from_iter([("type".to_owned(), json!("object"))])];
    for part in parts {
        let variants = variants(schemas, part);
        let pairs = merged
            .iter()
            .flat_map(|object| variants.iter().map(move |variant| (object, variant)));
        merged = pairs
            .map(|(object, variant)| with_properties(object.clone(), variant, variants.len() > 1))
            .collect();
    }
    merged
}

fn variants(schemas: &Schemas, schema: &Value) -> Vec<Map<String, Value>> {
    let schema = name_of(schema).map_or(schema, |name| &schemas[name]);
    let parts = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
    if let Some(parts) = parts("allOf") {
        return merge(schemas, parts);
    }
    match parts("oneOf") {
        Some(parts) => parts
            .iter()
            .flat_map(|part| variants(schemas, part))
            .collect(),
        None => schema.as_object().cloned().into_iter().collect(),
    }
}

fn with_properties(
    mut object: Map<String, Value>,
    part: &Map<String, Value>,
    is_variant: bool,
) -> Map<String, Value> {
    if let Some(description) = part.get("description").filter(|_| is_variant) {
        object.insert("description".to_owned(), description.clone());
    }
    let required = object.entry("required").or_insert_with(|| json!([]));
    let names = part.get("required").and_then(Value::as_array);
    if let Some(required) = required.as_array_mut() {
        required.extend(names.into_iter().flatten().cloned());
    }
    let properties = object.entry("properties").or_insert_with(|| json!({}));
    let added = part.get("properties").and_then(Value::as_object);
    if let (Some(properties), Some(added)) = (properties.as_object_mut(), added) {
        properties.extend(added.clone());
    }
    object
}

fn name_variants(schemas: &mut Schemas) {
    let names: Vec<String> = schemas.keys().cloned().collect();
    for name in names {
        let one_of = schemas[&name].get("oneOf").and_then(Value::as_array);
        let Some(mut variants) = one_of.cloned() else {
            continue;
        };
        for variant in &mut variants {
            let Some(tag) = variant_name(variant) else {
                continue;
            };
            let of_variant = format!("{name}{}", camel_case(&tag));
            name_content(schemas, variant, &tag, &of_variant);
            let variant_name = format!("{of_variant}Variant");
            let reference = reference_to(&variant_name);
            schemas.insert(variant_name, std::mem::replace(variant, reference));
        }
        schemas[&name]["oneOf"] = variants.into();
    }
}

/// Names what an externally tagged variant holds, when that is an object without a name.
fn name_content(schemas: &mut Schemas, variant: &mut Value, tag: &str, name: &str) {
    let Some(content) = variant["properties"].get_mut(tag) else {
        return;
    };
    let is_object = content.get("type") == Some(&json!("object"));
    if is_object && content.get("additionalProperties").is_none() {
        if content.get("properties").is_none() {
            content["properties"] = json!({});
        }
        let reference = reference_to(name);
        schemas.insert(name.to_owned(), std::mem::replace(content, reference));
    }
}

/// The name of a variant: the value of its tag, or the only property of an externally tagged one.
fn variant_name(variant: &Value) -> Option<String> {
    let properties = variant.get("properties")?.as_object()?;
    let required = variant.get("required")?.as_array()?;
    let tag = properties.iter().find_map(|(name, property)| {
        let [tag] = &property.get("enum")?.as_array()?[..] else {
            return None;
        };
        required.contains(&json!(name)).then_some(tag)?.as_str()
    });
    match (tag, &required[..]) {
        (Some(tag), _) => Some(tag.to_owned()),
        (None, [only]) if properties.len() == 1 => only.as_str().map(str::to_owned),
        _ => None,
    }
}

fn camel_case(name: &str) -> String {
    let words = name.split(|character: char| !character.is_alphanumeric());
    let mut text = String::new();
    for word in words {
        let mut rest = word.chars();
        text.extend(rest.next().map(|first| first.to_ascii_uppercase()));
        text.push_str(rest.as_str());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flattened_structure_is_one_object() {
        let mut schemas: Schemas = serde_json::from_value(json!({
            "Composed": {"allOf": [
                {"$ref": "#/components/schemas/Part"},
                {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
            ], "description": "All of it."},
            "Part": {"type": "object", "required": ["a"], "properties": {"a": {}, "b": {}}},
        }))
        .unwrap();
        rewrite(&mut schemas);
        assert_eq!(
            schemas["Composed"],
            json!({
                "type": "object", "description": "All of it.", "required": ["a", "id"],
                "properties": {"a": {}, "b": {}, "id": {"type": "string"}},
            })
        );
    }

    #[test]
    fn the_variants_of_an_enum_have_names() {
        let mut schemas: Schemas = serde_json::from_value(json!({
            "Run": {"allOf": [
                {"$ref": "#/components/schemas/Status"},
                {"type": "object", "properties": {"id": {}}},
            ]},
            "Status": {"oneOf": [
                {"type": "object", "required": ["status"], "properties": {"status": {"type": "string", "enum": ["timed_out"]}}},
                {"type": "object", "required": ["failed"], "properties": {"failed": {"type": "object"}}},
                {"type": "string", "enum": ["open"]},
            ]},
        }))
        .unwrap();
        rewrite(&mut schemas);
        let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        assert_eq!(
            schemas["Status"]["oneOf"],
            json!([
                reference("StatusTimedOutVariant"),
                reference("StatusFailedVariant"),
                {"type": "string", "enum": ["open"]},
            ])
        );
        assert_eq!(
            schemas["StatusFailedVariant"]["properties"]["failed"],
            reference("StatusFailed")
        );
        assert_eq!(schemas["StatusFailed"]["properties"], json!({}));
        let of_tag = &schemas["StatusTimedOutVariant"]["properties"];
        assert_eq!(of_tag.as_object().map(Map::len), Some(1));
        let of_run = &schemas["RunTimedOutVariant"]["properties"];
        assert!(of_run.get("id").is_some() && of_run.get("status").is_some());
    }
}
