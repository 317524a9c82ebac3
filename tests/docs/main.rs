//! The documents: what their commands do, what their code blocks hold, where their links lead.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

mod commands;
mod error_codes;
mod fences;
mod links;
mod pages;
mod places;
