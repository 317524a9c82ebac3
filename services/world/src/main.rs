//! The world service as a process of its own.

use service_kit::ServiceCommand;

const ABOUT: &str = "Owns worlds: decides commands, appends commits, dispatches runs";

fn main() -> anyhow::Result<()> {
    match service_kit::parse_arguments("world", ABOUT) {
        ServiceCommand::Run => service_kit::service_main("world", world::run),
        ServiceCommand::Healthcheck => {
            let config: world::Config = service_kit::config::load()?;
            service_kit::check_health(config.listen)
        }
    }
}
