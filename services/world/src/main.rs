//! The world service as a process of its own.

fn main() -> anyhow::Result<()> {
    service_kit::service_main("world", world::run)
}
