//! The whole system: real processes, real servers, real clients.

mod chaos;
mod trace;
