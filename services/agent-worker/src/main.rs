//! The process of the agent worker.

const ABOUT: &str = "Runs the built-in actions of agents: models, tools, processors";

fn main() -> anyhow::Result<()> {
    service_kit::parse_arguments("agent-worker", ABOUT);
    service_kit::service_main("agent-worker", agent_worker::run)
}
