//! Which schema a `$ref` means, and that following them comes to an end.

use super::{InvalidSchema, Parser};
use crate::node::{Node, NodeId};

/// The longest chain of schemas about one and the same value: each link is one level of the stack.
const CHAIN_MAX: usize = 32;

/// A `$ref` that was read, but not yet looked up: what it means may follow.
pub(super) struct Reference {
    pub(super) from: NodeId,
    /// Where the keyword stands.
    pub(super) pointer: String,
    pub(super) target: String,
}

impl Parser {
    pub(super) fn resolve(&mut self) -> Result<(), InvalidSchema> {
        for reference in &self.references {
            let target = fragment(&reference.target)
                .ok_or("is not a reference within this document: use #/$defs/Name")
                .and_then(|pointer| {
                    let found = self.ids.get(&pointer).copied();
                    found.ok_or("refers to what is not a schema of this document")
                })
                .map_err(|reason| InvalidSchema::new(&reference.pointer, reason))?;
            self.nodes[reference.from].reference = Some(target);
        }
        Ok(())
    }
}

/// The JSON Pointer of a reference that stays within its document.
fn fragment(target: &str) -> Option<String> {
    let encoded = target.strip_prefix('#')?;
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, behind) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = behind;
    }
    String::from_utf8(bytes).ok()
}

/// Refuses schemas that lead back to themselves without going into a part of the value: whether
/// something fits them has no answer.
pub(super) fn check_in_place(nodes: &[Node], pointers: &[String]) -> Result<(), InvalidSchema> {
    let mut lengths = vec![Length::Unknown; nodes.len()];
    for id in 0..nodes.len() {
        chain(nodes, pointers, &mut lengths, id, 0)?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Length {
    Unknown,
    /// We are on the way through it.
    Open,
    Known(usize),
}

/// How long the longest chain is that begins at `id`; `above` links lead there.
fn chain(
    nodes: &[Node],
    pointers: &[String],
    lengths: &mut [Length],
    id: NodeId,
    above: usize,
) -> Result<usize, InvalidSchema> {
    let fault = |reason: String| Err(InvalidSchema::new(&pointers[id], reason));
    match lengths[id] {
        Length::Known(length) => return Ok(length),
        Length::Open => {
            return fault("leads back to itself without going into a part of the value".into());
        }
        Length::Unknown => {}
    }
    let too_long = || format!("leads through more than {CHAIN_MAX} schemas about one value");
    // Also a limit of this very recursion.
    if above > CHAIN_MAX {
        return fault(too_long());
    }
    lengths[id] = Length::Open;
    let mut longest = 0;
    for next in nodes[id].in_place() {
        longest = longest.max(chain(nodes, pointers, lengths, next, above + 1)?);
    }
    let length = longest + 1;
    if length > CHAIN_MAX {
        return fault(too_long());
    }
    lengths[id] = Length::Known(length);
    Ok(length)
}
