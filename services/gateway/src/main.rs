//! The process of the gateway.

use service_kit::ServiceCommand;

const ABOUT: &str = "The gateway: HTTP, SSE and WebSocket for clients";

fn main() -> anyhow::Result<()> {
    match service_kit::parse_arguments("gateway", ABOUT) {
        ServiceCommand::Run => {
            service_kit::use_small_pages();
            service_kit::service_main("gateway", gateway::run)
        }
        ServiceCommand::Healthcheck => {
            let config: gateway::Config = service_kit::config::load()?;
            gateway::check_health(&config)
        }
    }
}
