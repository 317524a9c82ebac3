//! What is known of a type.

/// Who sends events of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The client.
    Client,
    /// The nodes, or the world.
    Server,
}

/// A type of events that Atoms defines.
#[derive(Debug, Clone, Copy)]
pub struct KnownType {
    /// Its name.
    pub name: &'static str,
    /// Who sends it.
    pub sender: Sender,
    /// What its payload holds. Other fields are allowed.
    pub fields: &'static [KnownField],
}

/// A field of a payload.
#[derive(Debug, Clone, Copy)]
pub struct KnownField {
    /// Its name.
    pub name: &'static str,
    /// Whether it must be there, and not null.
    pub required: bool,
    /// What its value is.
    pub kind: FieldKind,
}

/// What the value of a field is.
#[derive(Debug, Clone, Copy)]
pub enum FieldKind {
    /// A text.
    Text,
    /// `true` or `false`.
    Bool,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// An object with these fields, and others.
    Object(&'static [KnownField]),
    /// A list of objects with these fields, and others.
    List(&'static [KnownField]),
}
