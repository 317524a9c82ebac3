//! The process of the agent worker.

use service_kit::ServiceCommand;

const ABOUT: &str = "Runs the built-in actions of agents: models, tools, processors";

fn main() -> anyhow::Result<()> {
    match service_kit::parse_arguments("agent-worker", ABOUT) {
        ServiceCommand::Run => service_kit::service_main("agent-worker", agent_worker::run),
        ServiceCommand::Healthcheck => {
            let config: agent_worker::Config = service_kit::config::load()?;
            service_kit::check_health(config.listen)
        }
    }
}
