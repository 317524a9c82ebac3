//! The keywords, one by one.

mod values;

use serde_json::Value;

use self::values::{count, flag, kinds, names, number, object, text};
use super::error::InvalidSchema;
use super::location::{Location, child_pointer};
use super::parser::{Parser, Reference};
use crate::node::{Node, NodeId};
use crate::number::Number;

/// The only supported draft.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Keywords for people and tools that do not constrain values.
const ANNOTATIONS: [&str; 12] = [
    "$comment",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "format",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
];

type Parsed<T> = Result<T, InvalidSchema>;

impl Parser {
    pub(super) fn keyword(
        &mut self,
        node: &mut Node,
        id: NodeId,
        name: &str,
        value: &Value,
        location: &Location,
    ) -> Parsed<()> {
        let is_known = value_keyword(node, name, value, location)?
            || number_keyword(node, name, value, location)?
            || self.text_keyword(node, name, value, location)?
            || self.array_keyword(node, name, value, location)?
            || self.object_keyword(node, name, value, location)?
            || self.combinator_keyword(node, name, value, location)?
            || self.document_keyword(id, name, value, location)?;
        if is_known || ANNOTATIONS.contains(&name) || name.starts_with("x-") {
            Ok(())
        } else {
            Err(location.invalid("is not a keyword that is known here"))
        }
    }

    fn text_keyword(
        &mut self,
        node: &mut Node,
        name: &str,
        value: &Value,
        location: &Location,
    ) -> Parsed<bool> {
        match name {
            "minLength" => node.text.length_min = count(value, location)?,
            "maxLength" => node.text.length_max = Some(count(value, location)?),
            "pattern" => node.text.pattern = Some(self.pattern(text(value, location)?, location)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn array_keyword(
        &mut self,
        node: &mut Node,
        name: &str,
        value: &Value,
        location: &Location,
    ) -> Parsed<bool> {
        let rules = &mut node.array;
        match name {
            "prefixItems" => rules.first = self.schemas_in_array(value, location)?,
            "items" => rules.rest = Some(self.schema_at(value, location)?),
            "minItems" => rules.count_min = count(value, location)?,
            "maxItems" => rules.count_max = Some(count(value, location)?),
            "uniqueItems" => rules.unique = flag(value, location)?,
            "contains" => rules.contains = Some(self.schema_at(value, location)?),
            "minContains" => rules.contains_min = Some(count(value, location)?),
            "maxContains" => rules.contains_max = Some(count(value, location)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn object_keyword(
        &mut self,
        node: &mut Node,
        name: &str,
        value: &Value,
        location: &Location,
    ) -> Parsed<bool> {
        let rules = &mut node.object;
        match name {
            "properties" => {
                rules.fields = self
                    .schemas_in_object(value, location)?
                    .into_iter()
                    .collect();
            }
            "patternProperties" => {
                for (pattern, node) in self.schemas_in_object(value, location)? {
                    let pattern = self.pattern(&pattern, location)?;
                    rules.patterns.push((pattern, node));
                }
            }
            "additionalProperties" => rules.others = Some(self.schema_at(value, location)?),
            "propertyNames" => rules.names = Some(self.schema_at(value, location)?),
            "required" => rules.required = names(value, location)?,
            "dependentRequired" => {
                for (name, value) in object(value, location)? {
                    let location = Location {
                        pointer: child_pointer(&location.pointer, name),
                        ..*location
                    };
                    rules
                        .dependent_required
                        .insert(name.clone(), names(value, &location)?);
                }
            }
            "dependentSchemas" => {
                rules.dependent_schemas = self
                    .schemas_in_object(value, location)?
                    .into_iter()
                    .collect();
            }
            "minProperties" => rules.count_min = count(value, location)?,
            "maxProperties" => rules.count_max = Some(count(value, location)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn combinator_keyword(
        &mut self,
        node: &mut Node,
        name: &str,
        value: &Value,
        location: &Location,
    ) -> Parsed<bool> {
        match name {
            "allOf" => node.all_of = self.schemas_in_array(value, location)?,
            "anyOf" => node.any_of = self.schemas_in_array(value, location)?,
            "oneOf" => node.one_of = self.schemas_in_array(value, location)?,
            "not" => node.not = Some(self.schema_at(value, location)?),
            "if" => node.condition = Some(self.schema_at(value, location)?),
            "then" => node.then = Some(self.schema_at(value, location)?),
            "else" => node.otherwise = Some(self.schema_at(value, location)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Keywords about the document.
    fn document_keyword(
        &mut self,
        id: NodeId,
        name: &str,
        value: &Value,
        location: &Location,
    ) -> Parsed<bool> {
        match name {
            "$ref" => self.references.push(Reference {
                from: id,
                pointer: location.pointer.clone(),
                target: text(value, location)?.to_owned(),
            }),
            "$defs" | "definitions" => {
                self.schemas_in_object(value, location)?;
            }
            "$schema" if text(value, location)?.trim_end_matches('#') != DRAFT => {
                return Err(
                    location.invalid(format!("is not {DRAFT}, the only draft that is known"))
                );
            }
            "$schema" => {}
            "$id" | "$anchor" | "$dynamicAnchor" | "$dynamicRef" | "$vocabulary" => {
                let reason = "is not supported: refer to a part of this document, as #/$defs/Name";
                return Err(location.invalid(reason));
            }
            "unevaluatedProperties" => {
                return Err(location.invalid("is not supported: use additionalProperties"));
            }
            "unevaluatedItems" => return Err(location.invalid("is not supported: use items")),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn schema_at(&mut self, value: &Value, location: &Location) -> Parsed<NodeId> {
        self.schema(value, &location.pointer, location.depth + 1)
    }

    fn schemas_in_array(&mut self, value: &Value, location: &Location) -> Parsed<Vec<NodeId>> {
        let parts = value.as_array().filter(|parts| !parts.is_empty());
        let parts =
            parts.ok_or_else(|| location.invalid("is not a list of schemas, at least one"))?;
        let numbered = parts.iter().enumerate();
        numbered
            .map(|(index, part)| {
                let pointer = child_pointer(&location.pointer, &index.to_string());
                self.schema(part, &pointer, location.depth + 1)
            })
            .collect()
    }

    fn schemas_in_object(
        &mut self,
        value: &Value,
        location: &Location,
    ) -> Parsed<Vec<(String, NodeId)>> {
        object(value, location)?
            .iter()
            .map(|(name, part)| {
                let pointer = child_pointer(&location.pointer, name);
                Ok((
                    name.clone(),
                    self.schema(part, &pointer, location.depth + 1)?,
                ))
            })
            .collect()
    }
}

fn value_keyword(node: &mut Node, name: &str, value: &Value, location: &Location) -> Parsed<bool> {
    match name {
        "type" => node.kinds = kinds(value, location)?,
        "const" => node.options.push(vec![value.clone()]),
        "enum" => {
            let options = value.as_array();
            let options = options.ok_or_else(|| location.invalid("is not a list of values"))?;
            node.options.push(options.clone());
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn number_keyword(node: &mut Node, name: &str, value: &Value, location: &Location) -> Parsed<bool> {
    let rules = &mut node.number;
    match name {
        "minimum" => rules.minimum = Some(number(value, location)?),
        "maximum" => rules.maximum = Some(number(value, location)?),
        "exclusiveMinimum" => rules.above = Some(number(value, location)?),
        "exclusiveMaximum" => rules.below = Some(number(value, location)?),
        "multipleOf" => {
            let step = number(value, location)?;
            if step <= Number::Integer(0) {
                return Err(location.invalid("is not more than 0"));
            }
            rules.multiple_of = Some(step);
        }
        _ => return Ok(false),
    }
    Ok(true)
}
