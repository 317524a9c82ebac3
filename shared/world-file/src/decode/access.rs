//! The parts of lists, maps and enums.

use std::slice;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::error::{Error, Place};
use super::pass::Pass;
use super::trail::{Segment, Trail, node_id};
use super::value::Value;
use crate::yaml::{Entry, Node, NodeValue, ScalarValue};

/// The items of a list.
pub(super) struct Items<'a, 'n> {
    items: std::iter::Enumerate<slice::Iter<'n, Node>>,
    trail: &'a Trail<'a, 'n>,
    pass: &'a Pass<'a>,
}

impl<'a, 'n> Items<'a, 'n> {
    pub(super) fn new(items: &'n [Node], trail: &'a Trail<'a, 'n>, pass: &'a Pass<'a>) -> Self {
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
pub(super) struct Fields<'a, 'n> {
    entries: slice::Iter<'n, Entry>,
    /// The only names that are read, if not all are.
    names: Option<&'static [&'static str]>,
    current: Option<&'n Entry>,
    trail: &'a Trail<'a, 'n>,
    pass: &'a Pass<'a>,
}

impl<'a, 'n> Fields<'a, 'n> {
    pub(super) fn new(
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
pub(super) struct Variant<'a, 'n> {
    name: &'n str,
    content: Option<&'n Entry>,
    trail: &'a Trail<'a, 'n>,
    pass: &'a Pass<'a>,
}

impl<'a, 'n> Variant<'a, 'n> {
    pub(super) fn named(name: &'n str, trail: &'a Trail<'a, 'n>, pass: &'a Pass<'a>) -> Self {
        Self {
            name,
            content: None,
            trail,
            pass,
        }
    }

    pub(super) fn with_content(
        entry: &'n Entry,
        trail: &'a Trail<'a, 'n>,
        pass: &'a Pass<'a>,
    ) -> Self {
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
        serde::Deserializer::deserialize_tuple(Value::new(&trail, self.pass), length, visitor)
    }

    fn struct_variant<V: Visitor<'n>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let trail = trail_of(self.content()?, self.trail);
        let value = Value::new(&trail, self.pass);
        serde::Deserializer::deserialize_struct(value, "", fields, visitor)
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
