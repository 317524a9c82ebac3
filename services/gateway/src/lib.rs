//! The gateway: the doors through which clients reach the worlds, and the server that they share.
//!
//! It owns the configuration, the router, the description of all routes and the life of the process.
//! The doors are crates of their own, `door-native`, `door-agent-world`, `door-genworlds` and
//! `door-atoms`, over `door-kit`. No door keeps state that another replica would miss: a client resumes at any replica
//! from the position that it has seen.
//!
//! Start with [`run`], then `router` (how the routes of the doors are put together).

mod config;
mod cors;
mod healthcheck;
mod http_server;
mod jwks;
mod openapi;
mod router;
mod server;

pub use config::{ApiKey, Config, JwtConfig, Limits, Rate, TlsConfig};
pub use door_atoms::DefaultFlow;
pub use healthcheck::check_health;
pub use server::{run, run_with};
