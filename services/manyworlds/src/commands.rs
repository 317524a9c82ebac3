//! The commands that talk to a gateway, a file each.

pub(crate) mod action;
pub(crate) mod approvals;
pub(crate) mod badges;
pub(crate) mod behaviour;
pub(crate) mod bench;
pub(crate) mod chat;
pub(crate) mod export;
pub(crate) mod flow;
pub(crate) mod healthcheck;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod interact;
pub(crate) mod key;
pub(crate) mod nats_accounts;
pub(crate) mod roster;
pub(crate) mod send;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod state;
pub(crate) mod statistics;
pub(crate) mod stream;
pub(crate) mod tail;
pub(crate) mod timers;
pub(crate) mod usage;
pub(crate) mod world;
