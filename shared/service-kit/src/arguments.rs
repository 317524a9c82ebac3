//! The command line of a service: it runs, or looks whether one runs that is ready.

use clap::Command;

/// How every service is configured.
const CONFIGURATION: &str = "Its configuration is the file that MANYWORLDS_CONFIG names, and variables such as \
                             MANYWORLDS_NATS__URL.";

/// The subcommand that looks whether the service is ready.
const HEALTHCHECK: &str = "healthcheck";

/// What a process of a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceCommand {
    /// Run the service.
    Run,
    /// Look whether the service with this configuration is ready: [`check_health`](crate::check_health).
    Healthcheck,
}

/// Reads the arguments of a service: none, or `healthcheck`. For `--help`, `--version` and what is no argument of it,
/// it prints what there is to say, and ends the process.
///
/// `about` says in a sentence what the service does.
pub fn parse_arguments(name: &'static str, about: &'static str) -> ServiceCommand {
    let matches = command(name, about).get_matches();
    match matches.subcommand_name() {
        Some(HEALTHCHECK) => ServiceCommand::Healthcheck,
        _ => ServiceCommand::Run,
    }
}

fn command(name: &'static str, about: &'static str) -> Command {
    let healthcheck = Command::new(HEALTHCHECK)
        .about("Succeed if the service with this configuration is ready, as containers want it");
    Command::new(name)
        .version(env!("CARGO_PKG_VERSION"))
        .about(about)
        .long_about(format!("{about}\n\n{CONFIGURATION}"))
        .subcommand(healthcheck)
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    #[test]
    fn help_and_version_are_printed_and_nothing_is_started() {
        for (arguments, expected) in [
            (&[][..], None),
            (&["--help"], Some(ErrorKind::DisplayHelp)),
            (&["--version"], Some(ErrorKind::DisplayVersion)),
            (&["healthcheck"], None),
            (&["--unknown"], Some(ErrorKind::UnknownArgument)),
            (&["unknown"], Some(ErrorKind::InvalidSubcommand)),
        ] {
            let arguments = ["world"].iter().chain(arguments);
            let parsed = command("world", "Owns worlds").try_get_matches_from(arguments);
            assert_eq!(parsed.err().map(|error| error.kind()), expected);
        }
    }

    #[test]
    fn help_describes_a_service_and_its_configuration() {
        let help = command("world", "Owns worlds")
            .render_long_help()
            .to_string();
        assert!(
            help.starts_with("Owns worlds\n\nIts configuration"),
            "{help}"
        );
        let version = command("world", "Owns worlds").render_version();
        assert_eq!(version, format!("world {}\n", env!("CARGO_PKG_VERSION")));
    }
}
