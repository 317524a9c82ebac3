//! Language models. Start with `client.rs`: a model request takes as many attempts as it needs,
//! within limits.

mod attempt;
mod client;
mod endpoint;
mod error;
mod prompt;

pub(crate) use client::ModelClient;
