//! World files as a JSON Schema for editors, and as a page for people. Both are made of the types.

mod json_schema;
mod reference;

pub use json_schema::json_schema;
pub use reference::reference;
