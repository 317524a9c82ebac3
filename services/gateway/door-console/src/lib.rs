//! The web page of the gateway, the console: its files, embedded at build time, and how they are served.
//!
//! The page itself is in `services/gateway/console`. It is public, as any code that is sent to browsers: what it shows
//! comes from the native door, with the key of the person who looks at it. So this crate knows no state, no worlds and
//! no keys.
//!
//! Start with [`routes`], then `build.rs` (what is embedded).

mod asset;
mod encoding;
mod page;
mod policy;

pub use page::routes;
