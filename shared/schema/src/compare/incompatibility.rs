//! What a comparison reports.

/// Something that was valid and may not be valid any more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Incompatibility {
    /// The path in a value: `items[].price`; empty for the whole value.
    pub path: String,
    /// A sentence for people: `customer.name is now required`.
    pub reason: String,
    /// Whether it only affects values with a field that the old schema does not declare, as when an
    /// optional field is added: JSON Schema allows any value in such a field, unless
    /// `additionalProperties` restricts it. Senders of declared fields only are not affected.
    pub undeclared: bool,
}
