//! What requests may hold: the gateway refuses unknown fields at most routes, and numbers that do not fit at all.

use serde_json::{Map, Value, json};

use super::references::{Schemas, reachable, visit};

/// The tag of the routes that ignore unknown fields, as their clients expect.
const LENIENT: &str = "agent world";
/// The one schema of requests with fields that are not listed: the attributes of extensions.
const CLOUD_EVENT: &str = "CloudEvent";

/// Closes the schemas that requests refer to.
pub(super) fn close(schemas: &mut Schemas, paths: &Value) {
    let bodies = paths.as_object().into_iter().flat_map(Map::values);
    let bodies = bodies.filter_map(Value::as_object).flat_map(Map::values);
    let is_lenient = |operation: &Value| operation["tags"] == json!([LENIENT]);
    let bodies: Value = bodies
        .filter(|operation| !is_lenient(operation))
        .filter_map(|operation| operation.get("requestBody").cloned())
        .collect();
    for name in reachable(schemas, &bodies) {
        if let Some(schema) = schemas.get_mut(&name).filter(|_| name != CLOUD_EVENT) {
            visit(schema, &mut close_object);
        }
    }
    if let Some(event) = schemas.get_mut(CLOUD_EVENT) {
        event["additionalProperties"] = json!({"type": ["string", "integer", "boolean"]});
    }
}

fn close_object(schema: &mut Map<String, Value>) {
    let has_fields = schema.get("type") == Some(&json!("object"))
        && schema.get("properties").is_some_and(Value::is_object);
    if has_fields {
        let closed = schema.entry("additionalProperties");
        closed.or_insert(Value::Bool(false));
    }
}

/// Takes null out of the schemas of parameters: an address or a header that has none does not name them.
pub(super) fn drop_null_parameters(paths: &mut Value) {
    visit(paths, &mut |fields| {
        let parameters = fields.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            if let Some(schema) = parameter.get_mut("schema") {
                drop_null(schema);
            }
        }
    });
}

fn drop_null(schema: &mut Value) {
    if let Some(variants) = schema.get_mut("oneOf").and_then(Value::as_array_mut) {
        variants.retain(|variant| variant != &json!({"type": "null"}));
        if let [only] = &mut variants[..] {
            *schema = only.take();
        }
    }
}

/// Adds the largest value to the integers whose format alone says it.
pub(super) fn bound_integers(document: &mut Value) {
    visit(document, &mut |schema| {
        // The formats of OpenAPI have a sign, and most of our numbers have none.
        let is_unsigned = schema.contains_key("minimum");
        let format = schema.get("format").and_then(Value::as_str);
        let maximum = match (format, is_unsigned) {
            (Some("int32"), true) => json!(u32::MAX),
            (Some("int32"), false) => json!(i32::MAX),
            (Some("int64"), true) => json!(u64::MAX),
            (Some("int64"), false) => json!(i64::MAX),
            _ => return,
        };
        if schema.contains_key("type") {
            schema.entry("maximum").or_insert(maximum);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_of_requests_are_closed_and_others_stay_open() {
        let mut schemas: Schemas = serde_json::from_value(json!({
            "Request": {"type": "object", "properties": {
                "part": {"$ref": "#/components/schemas/Part"},
                "inline": {"type": "object", "properties": {"x": {}}},
                "any": {"type": "object"},
            }},
            "Part": {"type": "object", "properties": {"y": {}}},
            "Response": {"type": "object", "properties": {"z": {}}},
        }))
        .unwrap();
        let schema = |name: &str| json!({"application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}});
        let paths = json!({"/a": {"post": {
            "requestBody": {"content": schema("Request")},
            "responses": {"200": {"content": schema("Response")}},
        }}});
        close(&mut schemas, &paths);
        let is_closed = |schema: &Value| schema.get("additionalProperties") == Some(&json!(false));
        let properties = &schemas["Request"]["properties"];
        assert!(is_closed(&schemas["Request"]) && is_closed(&schemas["Part"]));
        assert!(is_closed(&properties["inline"]) && !is_closed(&properties["any"]));
        assert!(!is_closed(&schemas["Response"]));
    }

    #[test]
    fn a_parameter_is_never_null() {
        let position = json!({"$ref": "#/components/schemas/Position"});
        let nullable = json!({"oneOf": [{"type": "null"}, position]});
        let mut paths = json!({"/a": {"get": {"parameters": [{"name": "b", "schema": nullable}]}}});
        drop_null_parameters(&mut paths);
        assert_eq!(paths["/a"]["get"]["parameters"][0]["schema"], position);
    }

    #[test]
    fn an_integer_has_the_maximum_of_its_format() {
        let mut schema = json!({
            "a": {"type": "integer", "format": "int32"},
            "b": {"type": ["integer", "null"], "format": "int64", "minimum": 0},
            "c": {"type": "integer", "format": "int32", "maximum": 7},
        });
        bound_integers(&mut schema);
        let maximum = |name: &str| schema[name]["maximum"].as_u64();
        assert_eq!(maximum("a"), Some(i32::MAX as u64));
        assert_eq!(maximum("b"), Some(u64::MAX));
        assert_eq!(maximum("c"), Some(7));
    }
}
