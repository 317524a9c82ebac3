//! The process of the agent worker.

fn main() -> anyhow::Result<()> {
    service_kit::service_main("agent-worker", agent_worker::run)
}
