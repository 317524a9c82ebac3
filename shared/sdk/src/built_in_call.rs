//! Uses of built-in actions by a custom one.

use std::future::IntoFuture;

use futures::future::BoxFuture;
use serde_json::{Map, Value};

use crate::error::Error;

/// Uses an action with these arguments.
type Use<'a> =
    Box<dyn FnOnce(Map<String, Value>) -> BoxFuture<'a, Result<bool, Error>> + Send + 'a>;

/// One use of a built-in action: it happens when it is awaited, and returns whether it was true.
#[must_use = "it happens when it is awaited"]
pub struct BuiltInCall<'a> {
    use_it: Use<'a>,
    arguments: Map<String, Value>,
}

impl<'a> BuiltInCall<'a> {
    pub(crate) fn new(use_it: Use<'a>) -> Self {
        Self {
            use_it,
            arguments: Map::new(),
        }
    }

    /// Sets an argument; those that are not set have their defaults.
    pub fn with(mut self, argument: &str, value: impl Into<Value>) -> Self {
        self.arguments.insert(argument.to_owned(), value.into());
        self
    }
}

impl<'a> IntoFuture for BuiltInCall<'a> {
    type Output = Result<bool, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        (self.use_it)(self.arguments)
    }
}
