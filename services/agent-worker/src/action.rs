//! The actions that are built in.

pub(crate) mod act;
pub(crate) mod echo;
pub(crate) mod respond;
pub(crate) mod title;
pub(crate) mod tool;
