//! Language models. Start with `client.rs`: a model request takes as many attempts as it needs,
//! within limits. The wire protocols are in `shared/models`.

mod attempt;
mod client;
mod endpoint;
mod error;
mod options;
mod prices;
mod prompt;
mod signatures;
mod trace_content;

pub(crate) use client::ModelClient;
