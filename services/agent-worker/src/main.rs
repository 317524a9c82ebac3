//! The agent worker as a process.

fn main() -> anyhow::Result<()> {
    service_kit::service_main("agent-worker", agent_worker::run)
}
