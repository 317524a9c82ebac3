//! The process of the gateway.

const ABOUT: &str = "The gateway: HTTP, SSE and WebSocket for clients";

fn main() -> anyhow::Result<()> {
    service_kit::parse_arguments("gateway", ABOUT);
    service_kit::use_small_pages();
    service_kit::service_main("gateway", gateway::run)
}
