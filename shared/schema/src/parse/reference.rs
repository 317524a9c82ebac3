//! Resolves references.

use super::error::InvalidSchema;
use super::parser::Parser;

/// Sets the target of each `$ref`, once all schemas are parsed.
pub(super) fn resolve(parser: &mut Parser) -> Result<(), InvalidSchema> {
    for reference in &parser.references {
        let target = fragment(&reference.target)
            .ok_or("is not a reference within this document: use #/$defs/Name")
            .and_then(|pointer| {
                let found = parser.ids.get(&pointer).copied();
                found.ok_or("refers to what is not a schema of this document")
            })
            .map_err(|reason| InvalidSchema::new(&reference.pointer, reason))?;
        parser.nodes[reference.from].reference = Some(target);
    }
    Ok(())
}

/// The JSON Pointer of a reference that stays within its document.
fn fragment(target: &str) -> Option<String> {
    let encoded = target.strip_prefix('#')?;
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}
