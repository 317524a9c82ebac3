//! The HTTP clients of MCP servers.

use std::time::Duration;

use crate::http;

/// The HTTP clients of MCP servers. `HTTP_PROXY` and the like apply, except to this machine itself.
#[derive(Clone)]
pub(super) struct HttpClients {
    outside: reqwest::Client,
    loopback: reqwest::Client,
}

impl HttpClients {
    pub(super) fn new(connect_timeout: Duration) -> reqwest::Result<Self> {
        let builder = || http::client_builder(connect_timeout);
        Ok(Self {
            outside: builder().build()?,
            loopback: builder().no_proxy().build()?,
        })
    }

    pub(super) fn select(&self, is_loopback: bool) -> reqwest::Client {
        match is_loopback {
            true => self.loopback.clone(),
            false => self.outside.clone(),
        }
    }
}
