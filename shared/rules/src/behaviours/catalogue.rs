//! The built-in actions: their arguments, what they do, and what they read.

mod argument;
mod built_in;
mod table;

pub use argument::{Argument, ArgumentDefault, ArgumentKind};
pub use built_in::{BuiltIn, Class, Reads};
pub use table::{BUILT_IN_ACTIONS, built_in};
