//! The process of the gateway.

use clap::Parser;

/// The gateway: HTTP, SSE and WebSocket for clients.
///
/// Its configuration is the file that MANYWORLDS_CONFIG names, and variables such as MANYWORLDS_NATS__URL.
#[derive(Parser)]
#[command(version)]
struct Arguments {}

fn main() -> anyhow::Result<()> {
    let Arguments {} = Arguments::parse();
    service_kit::service_main("gateway", gateway::run)
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    #[test]
    fn help_and_version_are_printed_and_nothing_is_started() {
        for (argument, expected) in [
            ("--help", ErrorKind::DisplayHelp),
            ("--version", ErrorKind::DisplayVersion),
            ("--unknown", ErrorKind::UnknownArgument),
            ("unknown", ErrorKind::UnknownArgument),
        ] {
            let parsed = Arguments::try_parse_from(["gateway", argument]);
            assert_eq!(parsed.err().map(|error| error.kind()), Some(expected));
        }
    }
}
