//! YAML 1.2 as a tree that keeps where everything is.
//!
//! Values are those of the core schema of YAML 1.2 (<https://yaml.org/spec/1.2.2/#103-core-schema>), with
//! one exception: a plain number with a leading zero is a text, because it is more often a postal code or a
//! telephone number, and YAML 1.1 reads it as octal. Merge keys of YAML 1.1 (`<<: *base`) are kept.

mod node;
mod reader;
mod scalar;

pub(crate) use node::{Entry, Node, NodeValue};
pub(crate) use reader::{InvalidYaml, parse};
pub(crate) use scalar::{Scalar, ScalarValue};
