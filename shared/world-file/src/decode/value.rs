//! Reads the values of a tree as `serde` wants them, and the parts of lists, maps and enums. They need one
//! another.

use std::slice;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::error::{Error, Kind, Place, unknown_field};
use super::pass::Pass;
use super::trail::{Segment, Trail, node_id};
use crate::yaml::{Entry, Node, NodeValue, Scalar, ScalarValue};

/// A value of a tree.
#[derive(Clone, Copy)]
pub(super) struct Value<'a, 'n> {
    trail: &'a Trail<'a, 'n>,
    pass: &'a Pass<'a>,
}

impl<'a, 'n> Value<'a, 'n> {
    pub(super) fn new(trail: &'a Trail<'a, 'n>, pass: &'a Pass<'a>) -> Self {
        Self { trail, pass }
    }

    /// Adds to an error where it is, unless it is known.
    fn located<T>(self, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|mut error| {
            if error.place.is_none() {
                let position = self.trail.node.position;
                let reason = error.reason.clone();
                let fault = self.trail.fault(self.pass.root, position, reason);
                let nodes = self.trail.nodes();
                error.place = Some(Box::new(Place { fault, nodes }));
            }
            error
        })
    }

    fn visit<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.trail.node.value {
            NodeValue::Scalar(scalar) => visit_scalar(scalar, visitor),
            NodeValue::List(items) => visitor.visit_seq(Items::new(items, self.trail, self.pass)),
            NodeValue::Map(entries) => {
                visitor.visit_map(Fields::new(entries, None, self.trail, self.pass))
            }
        }
    }

    fn visit_text<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.trail.node.value {
            // `name: 2026` is a text where a text is expected, as it was written.
            NodeValue::Scalar(scalar) if scalar.value != ScalarValue::Null => {
                visitor.visit_borrowed_str(&scalar.text)
            }
            _ => self.visit(visitor),
        }
    }

    fn visit_struct<V: Visitor<'n>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let NodeValue::Map(entries) = &self.trail.node.value else {
            let unexpected = match &self.trail.node.value {
                NodeValue::Scalar(Scalar { text, value }) if *value == ScalarValue::Text => {
                    Unexpected::Str(text)
                }
                NodeValue::List(_) => Unexpected::Seq,
                _ => return self.visit(visitor),
            };
            return Err(Error::invalid_type(unexpected, &visitor));
        };
        for entry in entries {
            if !fields.contains(&entry.name.as_str()) {
                self.note_unknown(entry, fields);
            }
        }
        visitor.visit_map(Fields::new(entries, Some(fields), self.trail, self.pass))
    }

    fn note_unknown(self, entry: &'n Entry, fields: &[&str]) {
        let trail = Trail {
            parent: Some(self.trail),
            segment: Segment::Field(&entry.name),
            node: &entry.node,
        };
        let reason = unknown_field(&entry.name, fields);
        let fault = trail.fault(self.pass.root, entry.position, reason);
        self.pass.unknown.borrow_mut().push(fault);
    }

    fn visit_enum<V: Visitor<'n>>(
        self,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.trail.node.value {
            NodeValue::Scalar(scalar) if scalar.value != ScalarValue::Null => {
                visitor.visit_enum(Variant::named(&scalar.text, self.trail, self.pass))
            }
            NodeValue::Map(entries) if entries.len() == 1 => {
                let entry = &entries[0];
                if self.pass.left_out.contains(&node_id(&entry.node)) {
                    return Err(Error::left_out());
                }
                visitor.visit_enum(Variant::with_content(entry, self.trail, self.pass))
            }
            _ => {
                let reason = format!("expected exactly one of {}", variants.join(", "));
                Err(Error::custom(reason))
            }
        }
    }
}

fn visit_scalar<'n, V: Visitor<'n>>(scalar: &'n Scalar, visitor: V) -> Result<V::Value, Error> {
    match scalar.value {
        ScalarValue::Null => visitor.visit_unit(),
        ScalarValue::Bool(value) => visitor.visit_bool(value),
        ScalarValue::Unsigned(value) => visitor.visit_u64(value),
        ScalarValue::Negative(value) => visitor.visit_i64(value),
        ScalarValue::Float(value) => visitor.visit_f64(value),
        ScalarValue::Text => visitor.visit_borrowed_str(&scalar.text),
    }
}

impl<'de> Deserializer<'de> for Value<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.located(self.visit(visitor))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.located(self.visit_text(visitor))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.trail.node.value {
            NodeValue::Scalar(scalar) if scalar.value == ScalarValue::Null => {
                self.located(visitor.visit_none())
            }
            _ => self.located(visitor.visit_some(self)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.located(visitor.visit_newtype_struct(self))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let result = self.visit_struct(fields, visitor);
        // A struct that is complete but for what was left out is left out itself.
        self.located(result.map_err(|error| match error.kind {
            Kind::Missing if error.place.is_none() && self.has_left_out_field() => {
                Error::left_out()
            }
            _ => error,
        }))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.located(self.visit_enum(variants, visitor))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

impl Value<'_, '_> {
    fn has_left_out_field(self) -> bool {
        let NodeValue::Map(entries) = &self.trail.node.value else {
            return false;
        };
        let mut nodes = entries.iter().map(|entry| node_id(&entry.node));
        nodes.any(|node| self.pass.left_out.contains(&node))
    }
}

/// The items of a list.
struct Items<'a, 'n> {
    items: std::iter::Enumerate<slice::Iter<'n, Node>>,
    trail: &'a Trail<'a, 'n>,
    pass: &'a Pass<'a>,
}

impl<'a, 'n> Items<'a, 'n> {
    fn new(items: &'n [Node], trail: &'a Trail<'a, 'n>, pass: &'a Pass<'a>) -> Self {
        let items = items.iter().enumerate();
        Self { items, trail, pass }
    }
}

impl<'n> SeqAccess<'n> for Items<'_, 'n> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'n>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let left_out = self.pass.left_out;
        let next = self
            .items
            .find(|(_, item)| !left_out.contains(&node_id(item)));
        let Some((index, node)) = next else {
            return Ok(None);
        };
        let trail = Trail {
            parent: Some(self.trail),
            segment: Segment::Item(index),
            node,
        };
        seed.deserialize(Value::new(&trail, self.pass)).map(Some)
    }
}

/// The fields of a map.
struct Fields<'a, 'n> {
    entries: slice::Iter<'n, Entry>,
    /// The only names that are read, if not all are.
    names: Option<&'static [&'static str]>,
    current: Option<&'n Entry>,
    trail: &'a Trail<'a, 'n>,
    pass: &'a Pass<'a>,
}

impl<'a, 'n> Fields<'a, 'n> {
    fn new(
        entries: &'n [Entry],
        names: Option<&'static [&'static str]>,
        trail: &'a Trail<'a, 'n>,
        pass: &'a Pass<'a>,
    ) -> Self {
        Self {
            entries: entries.iter(),
            names,
            current: None,
            trail,
            pass,
        }
    }
}

impl<'n> MapAccess<'n> for Fields<'_, 'n> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'n>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let (names, left_out) = (self.names, self.pass.left_out);
        self.current = self.entries.find(|entry| {
            names.is_none_or(|names| names.contains(&entry.name.as_str()))
                && !left_out.contains(&node_id(&entry.node))
        });
        let Some(entry) = self.current else {
            return Ok(None);
        };
        let name = decode_name(entry, self.trail, self.pass, seed);
        name.map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'n>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let Some(entry) = self.current else {
            return Err(Error::custom("a value without a name"));
        };
        let trail = trail_of(entry, self.trail);
        seed.deserialize(Value::new(&trail, self.pass))
    }
}

/// A variant of an enum: a name, and what it holds.
struct Variant<'a, 'n> {
    name: &'n str,
    content: Option<&'n Entry>,
    trail: &'a Trail<'a, 'n>,
    pass: &'a Pass<'a>,
}

impl<'a, 'n> Variant<'a, 'n> {
    fn named(name: &'n str, trail: &'a Trail<'a, 'n>, pass: &'a Pass<'a>) -> Self {
        Self {
            name,
            content: None,
            trail,
            pass,
        }
    }

    fn with_content(entry: &'n Entry, trail: &'a Trail<'a, 'n>, pass: &'a Pass<'a>) -> Self {
        Self {
            name: &entry.name,
            content: Some(entry),
            trail,
            pass,
        }
    }
}

impl<'n> EnumAccess<'n> for Variant<'_, 'n> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'n>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let name = match self.content {
            Some(entry) => decode_name(entry, self.trail, self.pass, seed)?,
            None => seed.deserialize(BorrowedStrDeserializer::new(self.name))?,
        };
        Ok((name, self))
    }
}

impl<'n> Variant<'_, 'n> {
    fn content(&self) -> Result<&'n Entry, Error> {
        self.content
            .ok_or_else(|| Error::custom(format!("`{}` needs fields: {0}: {{...}}", self.name)))
    }
}

impl<'n> VariantAccess<'n> for Variant<'_, 'n> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.content.map(|entry| &entry.node.value) {
            None => Ok(()),
            Some(NodeValue::Scalar(scalar)) if scalar.value == ScalarValue::Null => Ok(()),
            Some(_) => Err(Error::custom(format!("`{}` has no fields", self.name))),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'n>>(self, seed: S) -> Result<S::Value, Error> {
        let trail = trail_of(self.content()?, self.trail);
        seed.deserialize(Value::new(&trail, self.pass))
    }

    fn tuple_variant<V: Visitor<'n>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        let trail = trail_of(self.content()?, self.trail);
        Deserializer::deserialize_tuple(Value::new(&trail, self.pass), length, visitor)
    }

    fn struct_variant<V: Visitor<'n>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let trail = trail_of(self.content()?, self.trail);
        let value = Value::new(&trail, self.pass);
        Deserializer::deserialize_struct(value, "", fields, visitor)
    }
}

fn trail_of<'t, 'n>(entry: &'n Entry, parent: &'t Trail<'t, 'n>) -> Trail<'t, 'n> {
    Trail {
        parent: Some(parent),
        segment: Segment::Field(&entry.name),
        node: &entry.node,
    }
}

/// Decodes the name of a field. An error is at the name, not at the value.
fn decode_name<'n, S: DeserializeSeed<'n>>(
    entry: &'n Entry,
    parent: &Trail<'_, 'n>,
    pass: &Pass<'_>,
    seed: S,
) -> Result<S::Value, Error> {
    let name = BorrowedStrDeserializer::new(&entry.name);
    seed.deserialize(name).map_err(|mut error: Error| {
        let trail = trail_of(entry, parent);
        let fault = trail.fault(pass.root, entry.position, error.reason.clone());
        let nodes = trail.nodes();
        error.place = Some(Box::new(Place { fault, nodes }));
        error
    })
}
