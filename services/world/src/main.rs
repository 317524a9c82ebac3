//! The world service as a process of its own.

const ABOUT: &str = "Owns worlds: decides commands, appends commits, dispatches runs";

fn main() -> anyhow::Result<()> {
    service_kit::parse_arguments("world", ABOUT);
    service_kit::service_main("world", world::run)
}
