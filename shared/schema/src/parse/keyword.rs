//! The keywords, one by one.

use std::collections::BTreeSet;

use regex::RegexBuilder;
use serde_json::{Map, Value};

use super::reference::Reference;
use super::{DRAFT, InvalidSchema, PATTERNS_MAX, Parser, Place, below};
use crate::kind::Kinds;
use crate::node::{Node, NodeId, Pattern};
use crate::number::Number;

/// The longest pattern: nobody reads a longer one.
const PATTERN_BYTES_MAX: usize = 1024;
/// What a compiled pattern may take, and what its matcher may remember: `\w{64}` fits, a pattern
/// that is made to take memory does not.
pub(super) const PATTERN_COMPILED_BYTES_MAX: usize = 1024 * 1024;

/// What says something to people and tools, and nothing about what fits.
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
        place: &Place,
    ) -> Parsed<()> {
        let is_known = about_any(node, name, value, place)?
            || about_numbers(node, name, value, place)?
            || self.about_text(node, name, value, place)?
            || self.about_arrays(node, name, value, place)?
            || self.about_objects(node, name, value, place)?
            || self.in_place(node, name, value, place)?
            || self.document(id, name, value, place)?;
        if is_known || ANNOTATIONS.contains(&name) || name.starts_with("x-") {
            Ok(())
        } else {
            Err(place.fault("is not a keyword that is known here"))
        }
    }

    fn about_text(
        &mut self,
        node: &mut Node,
        name: &str,
        value: &Value,
        place: &Place,
    ) -> Parsed<bool> {
        match name {
            "minLength" => node.text.length_min = count(value, place)?,
            "maxLength" => node.text.length_max = Some(count(value, place)?),
            "pattern" => node.text.pattern = Some(self.pattern(text(value, place)?, place)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn about_arrays(
        &mut self,
        node: &mut Node,
        name: &str,
        value: &Value,
        place: &Place,
    ) -> Parsed<bool> {
        let rules = &mut node.array;
        match name {
            "prefixItems" => rules.first = self.list(value, place)?,
            "items" => rules.rest = Some(self.one(value, place)?),
            "minItems" => rules.count_min = count(value, place)?,
            "maxItems" => rules.count_max = Some(count(value, place)?),
            "uniqueItems" => rules.unique = flag(value, place)?,
            "contains" => rules.contains = Some(self.one(value, place)?),
            "minContains" => rules.contains_min = Some(count(value, place)?),
            "maxContains" => rules.contains_max = Some(count(value, place)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn about_objects(
        &mut self,
        node: &mut Node,
        name: &str,
        value: &Value,
        place: &Place,
    ) -> Parsed<bool> {
        let rules = &mut node.object;
        match name {
            "properties" => rules.fields = self.map(value, place)?.into_iter().collect(),
            "patternProperties" => {
                for (pattern, node) in self.map(value, place)? {
                    let pattern = self.pattern(&pattern, place)?;
                    rules.patterns.push((pattern, node));
                }
            }
            "additionalProperties" => rules.others = Some(self.one(value, place)?),
            "propertyNames" => rules.names = Some(self.one(value, place)?),
            "required" => rules.required = names(value, place)?,
            "dependentRequired" => {
                for (name, value) in map(value, place)? {
                    let place = Place {
                        pointer: below(&place.pointer, name),
                        ..*place
                    };
                    rules
                        .required_beside
                        .insert(name.clone(), names(value, &place)?);
                }
            }
            "dependentSchemas" => {
                rules.whole_beside = self.map(value, place)?.into_iter().collect();
            }
            "minProperties" => rules.count_min = count(value, place)?,
            "maxProperties" => rules.count_max = Some(count(value, place)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn in_place(
        &mut self,
        node: &mut Node,
        name: &str,
        value: &Value,
        place: &Place,
    ) -> Parsed<bool> {
        match name {
            "allOf" => node.all_of = self.list(value, place)?,
            "anyOf" => node.any_of = self.list(value, place)?,
            "oneOf" => node.one_of = self.list(value, place)?,
            "not" => node.not = Some(self.one(value, place)?),
            "if" => node.condition = Some(self.one(value, place)?),
            "then" => node.then = Some(self.one(value, place)?),
            "else" => node.otherwise = Some(self.one(value, place)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What says how the document is to be read.
    fn document(&mut self, id: NodeId, name: &str, value: &Value, place: &Place) -> Parsed<bool> {
        match name {
            "$ref" => self.references.push(Reference {
                from: id,
                pointer: place.pointer.clone(),
                target: text(value, place)?.to_owned(),
            }),
            "$defs" | "definitions" => {
                self.map(value, place)?;
            }
            "$schema" if text(value, place)?.trim_end_matches('#') != DRAFT => {
                return Err(place.fault(format!("is not {DRAFT}, the only draft that is known")));
            }
            "$schema" => {}
            "$id" | "$anchor" | "$dynamicAnchor" | "$dynamicRef" | "$vocabulary" => {
                let reason = "is not supported: refer to a part of this document, as #/$defs/Name";
                return Err(place.fault(reason));
            }
            "unevaluatedProperties" => {
                return Err(place.fault("is not supported: use additionalProperties"));
            }
            "unevaluatedItems" => return Err(place.fault("is not supported: use items")),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn one(&mut self, value: &Value, place: &Place) -> Parsed<NodeId> {
        self.schema(value, &place.pointer, place.depth + 1)
    }

    fn list(&mut self, value: &Value, place: &Place) -> Parsed<Vec<NodeId>> {
        let parts = value.as_array().filter(|parts| !parts.is_empty());
        let parts = parts.ok_or_else(|| place.fault("is not a list of schemas, at least one"))?;
        let numbered = parts.iter().enumerate();
        numbered
            .map(|(index, part)| {
                let pointer = below(&place.pointer, &index.to_string());
                self.schema(part, &pointer, place.depth + 1)
            })
            .collect()
    }

    fn map(&mut self, value: &Value, place: &Place) -> Parsed<Vec<(String, NodeId)>> {
        map(value, place)?
            .iter()
            .map(|(name, part)| {
                let pointer = below(&place.pointer, name);
                Ok((name.clone(), self.schema(part, &pointer, place.depth + 1)?))
            })
            .collect()
    }

    fn pattern(&mut self, text: &str, place: &Place) -> Parsed<Pattern> {
        self.patterns += 1;
        if self.patterns > PATTERNS_MAX {
            let reason = format!("is one pattern too many: at most {PATTERNS_MAX} are allowed");
            return Err(place.fault(reason));
        }
        if text.len() > PATTERN_BYTES_MAX {
            let reason = format!("is a pattern of more than {PATTERN_BYTES_MAX} bytes");
            return Err(place.fault(reason));
        }
        RegexBuilder::new(text)
            .size_limit(PATTERN_COMPILED_BYTES_MAX)
            .dfa_size_limit(PATTERN_COMPILED_BYTES_MAX)
            .build()
            .map(Pattern)
            .map_err(|error| place.fault(format!("is not a pattern that is known here: {error}")))
    }
}

fn about_any(node: &mut Node, name: &str, value: &Value, place: &Place) -> Parsed<bool> {
    match name {
        "type" => node.kinds = kinds(value, place)?,
        "const" => node.options.push(vec![value.clone()]),
        "enum" => {
            let options = value.as_array();
            let options = options.ok_or_else(|| place.fault("is not a list of values"))?;
            node.options.push(options.clone());
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn about_numbers(node: &mut Node, name: &str, value: &Value, place: &Place) -> Parsed<bool> {
    let rules = &mut node.number;
    match name {
        "minimum" => rules.minimum = Some(number(value, place)?),
        "maximum" => rules.maximum = Some(number(value, place)?),
        "exclusiveMinimum" => rules.above = Some(number(value, place)?),
        "exclusiveMaximum" => rules.below = Some(number(value, place)?),
        "multipleOf" => {
            let step = number(value, place)?;
            if step <= Number::Whole(0) {
                return Err(place.fault("is not more than 0"));
            }
            rules.multiple_of = Some(step);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn kinds(value: &Value, place: &Place) -> Parsed<Kinds> {
    let kind = |value: &Value| value.as_str().and_then(Kinds::named);
    let kinds = match value {
        Value::Array(kinds) if !kinds.is_empty() => kinds
            .iter()
            .try_fold(Kinds::NONE, |all, value| Some(all.or(kind(value)?))),
        value => kind(value),
    };
    kinds.ok_or_else(|| {
        place.fault(
            "is not a type: use null, boolean, integer, number, string, array, object, \
             or a list of them",
        )
    })
}

fn number(value: &Value, place: &Place) -> Parsed<Number> {
    match value {
        Value::Number(number) => Ok(number.into()),
        _ => Err(place.fault("is not a number")),
    }
}

/// A number of things. JSON Schema lets it be written `2.0`.
fn count(value: &Value, place: &Place) -> Parsed<u64> {
    let count = match number(value, place)? {
        Number::Whole(count) => u64::try_from(count).ok(),
        Number::Float(_) => None,
    };
    count.ok_or_else(|| place.fault("is not a whole number from 0"))
}

fn flag(value: &Value, place: &Place) -> Parsed<bool> {
    value
        .as_bool()
        .ok_or_else(|| place.fault("is not true or false"))
}

fn text<'a>(value: &'a Value, place: &Place) -> Parsed<&'a str> {
    value.as_str().ok_or_else(|| place.fault("is not a string"))
}

fn names(value: &Value, place: &Place) -> Parsed<BTreeSet<String>> {
    let names = value.as_array().and_then(|names| {
        let names = names.iter().map(|name| name.as_str().map(str::to_owned));
        names.collect::<Option<BTreeSet<_>>>()
    });
    names.ok_or_else(|| place.fault("is not a list of names"))
}

fn map<'a>(value: &'a Value, place: &Place) -> Parsed<&'a Map<String, Value>> {
    value
        .as_object()
        .ok_or_else(|| place.fault("is not an object"))
}
