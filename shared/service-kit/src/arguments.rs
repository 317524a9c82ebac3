//! The command line of a service that has no commands: `--help` and `--version`.

use clap::Command;

/// How every service is configured.
const CONFIGURATION: &str = "Its configuration is the file that MANYWORLDS_CONFIG names, and variables such as \
                             MANYWORLDS_NATS__URL.";

/// Reads the arguments of a service that takes none. For `--help`, `--version` and what is no argument of it, it
/// prints what there is to say, and ends the process.
///
/// `about` says in a sentence what the service does.
pub fn parse_arguments(name: &'static str, about: &'static str) {
    command(name, about).get_matches();
}

fn command(name: &'static str, about: &'static str) -> Command {
    Command::new(name)
        .version(env!("CARGO_PKG_VERSION"))
        .about(about)
        .long_about(format!("{about}\n\n{CONFIGURATION}"))
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
            (&["--unknown"], Some(ErrorKind::UnknownArgument)),
            (&["unknown"], Some(ErrorKind::UnknownArgument)),
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
