//! Brains: what answers messages for an agent, and decides what an agent with a mind does.

pub(crate) mod mind;
pub(crate) mod script;

mod completion;
mod llm;
mod model_request;
mod template;
mod usage;

pub(crate) use completion::Completion;
pub(crate) use llm::ModelClient;
pub(crate) use model_request::ModelRequest;
pub(crate) use template::fill;
pub(crate) use usage::add_usage;
