//! The page of all fields.

use std::collections::VecDeque;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::json_schema::json_schema;

const HEAD: &str = "\
# World files: all fields

This page is made of the types by `manyworlds world schema --reference`; a test keeps it current.
[world-files.md](world-files.md) explains how files are read, and how errors are reported.
";

/// The page of all fields of world files, in Markdown, made of the types.
pub fn reference() -> String {
    let schema = json_schema();
    let mut page = HEAD.to_owned();
    let mut queue = VecDeque::from(["World file".to_owned()]);
    let mut seen = vec!["World file".to_owned()];
    while let Some(name) = queue.pop_front() {
        let definition = match name.as_str() {
            "World file" => &schema,
            _ => &schema["$defs"][&name],
        };
        let _ = write!(page, "\n## {name}\n\n");
        if let Some(description) = definition["description"].as_str() {
            let _ = write!(page, "{}\n\n", one_line(description));
        }
        section(&mut page, definition);
        for target in targets(definition, name == "World file") {
            if !seen.contains(&target) {
                seen.push(target.clone());
                queue.push_back(target);
            }
        }
    }
    page
}

fn section(page: &mut String, definition: &Value) {
    if definition["properties"].is_object() {
        fields(page, definition);
        return;
    }
    let alternatives = ["oneOf", "anyOf"].map(|keyword| definition[keyword].as_array());
    let Some(alternatives) = alternatives.into_iter().flatten().next() else {
        let _ = writeln!(page, "{}", kind(definition));
        return;
    };
    page.push_str("One of:\n\n");
    for alternative in alternatives {
        let description = alternative["description"].as_str().unwrap_or_default();
        match alternative["properties"].as_object() {
            Some(properties) => {
                for (name, content) in properties {
                    let _ = writeln!(page, "- `{name}`: {}{}", kind(content), after(description));
                    inline_fields(page, content);
                }
            }
            None => {
                let _ = writeln!(page, "- {}{}", kind(alternative), after(description));
            }
        }
    }
}

fn after(description: &str) -> String {
    match description {
        "" => String::new(),
        _ => format!(". {}", one_line(description)),
    }
}

/// The fields of a variant that has no type of its own.
fn inline_fields(page: &mut String, content: &Value) {
    for (name, field) in content["properties"].as_object().into_iter().flatten() {
        let is_required = is_required(content, name);
        let description = after(description_of(field));
        let _ = writeln!(
            page,
            "  - `{name}`: {}{is_required}{description}",
            kind(field)
        );
    }
}

fn fields(page: &mut String, definition: &Value) {
    page.push_str("| field | is | default | |\n|---|---|---|---|\n");
    let none = Map::new();
    for (name, field) in definition["properties"].as_object().unwrap_or(&none) {
        let description = one_line(description_of(field));
        let default = match field.get("default") {
            Some(default) => format!("`{default}`"),
            None => String::new(),
        };
        let is_required = is_required(definition, name);
        let kind = kind(field);
        let _ = writeln!(
            page,
            "| `{name}` | {kind}{is_required} | {default} | {description} |"
        );
    }
}

/// The description of a field; that of an optional one may be with its type.
fn description_of(field: &Value) -> &str {
    let alternatives = field["oneOf"].as_array().into_iter().flatten();
    let mut all = std::iter::once(field).chain(alternatives);
    all.find_map(|schema| schema["description"].as_str())
        .unwrap_or_default()
}

fn is_required(definition: &Value, name: &str) -> &'static str {
    let required = definition["required"].as_array();
    let mut required = required.into_iter().flatten();
    match required.any(|required| required == name) {
        true => ", required",
        false => "",
    }
}

/// What a value is, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(target) = schema["$ref"].as_str() {
        let name = target.trim_start_matches("#/$defs/");
        return format!("[{name}](#{})", name.to_lowercase());
    }
    for keyword in ["oneOf", "anyOf", "allOf"] {
        if let Some(alternatives) = schema[keyword].as_array() {
            let alternatives = alternatives
                .iter()
                .filter(|schema| schema["type"] != "null");
            return alternatives.map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().filter(|value| !value.is_null());
        return values
            .map(|value| format!("`{value}`").replace('"', ""))
            .collect::<Vec<_>>()
            .join(", ");
    }
    let types = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let types = types.into_iter().filter(|name| *name != "null");
    let words = types.map(|name| match name {
        "array" => format!("list of {}", kind(&schema["items"])),
        "object" if schema["additionalProperties"].is_object() => {
            format!("map of {}", kind(&schema["additionalProperties"]))
        }
        "object" => "map".to_owned(),
        "string" => "text".to_owned(),
        other => other.to_owned(),
    });
    let words: Vec<String> = words.collect();
    match words.is_empty() {
        true => "any JSON".to_owned(),
        false => words.join(" or "),
    }
}

/// The types that a type refers to, in their order.
fn targets(schema: &Value, is_root: bool) -> Vec<String> {
    match schema {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !(is_root && *name == "$defs"))
            .flat_map(|(name, value)| match value {
                Value::String(target) if name == "$ref" => {
                    vec![target.trim_start_matches("#/$defs/").to_owned()]
                }
                value => targets(value, false),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(|item| targets(item, false)).collect(),
        _ => Vec::new(),
    }
}

fn one_line(text: &str) -> String {
    let text = without_links(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace('|', "\\|")
}

/// A description without the links of its documentation in Rust: they lead nowhere here.
fn without_links(text: &str) -> String {
    let (mut rest, mut result) = (text, String::new());
    while let Some(end) = rest.find("](")
        && let Some(start) = rest[..end].rfind('[')
        && let Some(length) = rest[end..].find(')')
    {
        result.push_str(&rest[..start]);
        result.push_str(&rest[start + 1..end]);
        rest = &rest[end + length + 1..];
    }
    result + rest
}
