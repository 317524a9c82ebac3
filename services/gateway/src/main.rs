//! The process of the gateway.

fn main() -> anyhow::Result<()> {
    service_kit::service_main("gateway", gateway::run)
}
