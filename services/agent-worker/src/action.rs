//! The actions that are built in.

pub(crate) mod echo;
pub(crate) mod respond;
pub(crate) mod title;
pub(crate) mod tool;
