//! What a line means that a person has typed.

/// How many messages `/history` shows when it does not say.
const HISTORY_DEFAULT: usize = 20;

/// The commands, for `/help`.
pub(super) const HELP: [&str; 8] = [
    "/stop              stop the answers of this chat (Ctrl-C as well)",
    "/approve           let an agent do what it waits for (y as well)",
    "/deny [reason]     refuse it (n [reason] as well)",
    "/history [n]       show the latest n messages",
    "/help              show this",
    "/quit              leave (Ctrl-D, or Ctrl-C twice, as well)",
    "//text             post a message that begins with /",
    "Up and down go through earlier lines, Ctrl-R searches them.",
];

/// What a line means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// Nothing was typed.
    Nothing,
    /// A message, or the answer to what waits for a person.
    Text(String),
    /// Stop the answers.
    Stop,
    /// Let an agent do what it waits for.
    Approve,
    /// Refuse it, with a reason that may be empty.
    Deny(String),
    /// Show so many of the latest messages.
    History(usize),
    /// Show the commands.
    Help,
    /// Leave.
    Quit,
    /// No command: why.
    Invalid(String),
}

impl Input {
    /// Reads a line.
    pub(super) fn parse(line: &str) -> Self {
        let line = line.trim();
        let Some(command) = line.strip_prefix('/') else {
            return match line {
                "" => Self::Nothing,
                text => Self::Text(text.to_owned()),
            };
        };
        if command.starts_with('/') {
            return Self::Text(command.to_owned());
        }
        let (name, rest) = match command.split_once(char::is_whitespace) {
            Some((name, rest)) => (name, rest.trim()),
            None => (command, ""),
        };
        match (name, rest) {
            ("stop", "") => Self::Stop,
            ("approve", "") => Self::Approve,
            ("deny", reason) => Self::Deny(reason.to_owned()),
            ("history", "") => Self::History(HISTORY_DEFAULT),
            ("history", count) => match count.parse() {
                Ok(count) if count > 0 => Self::History(count),
                _ => Self::Invalid(format!("{count} is no number of messages: /history 20")),
            },
            ("help", "") => Self::Help,
            ("quit" | "exit", "") => Self::Quit,
            ("stop" | "approve" | "help" | "quit" | "exit", _) => {
                Self::Invalid(format!("/{name} takes nothing behind it: /help"))
            }
            _ => Self::Invalid(format!(
                "no command /{name}: /help lists them, and // begins a message with /"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_message_or_a_command() {
        let text = |text: &str| Input::Text(text.to_owned());
        for (line, expected) in [
            ("  ", Input::Nothing),
            (" hello ", text("hello")),
            ("@ada 1/2?", text("@ada 1/2?")),
            ("//etc/hosts", text("/etc/hosts")),
            ("//", text("/")),
            ("/stop", Input::Stop),
            ("/approve ", Input::Approve),
            ("/deny", Input::Deny(String::new())),
            (
                "/deny  not that one",
                Input::Deny("not that one".to_owned()),
            ),
            ("/history", Input::History(HISTORY_DEFAULT)),
            ("/history 3", Input::History(3)),
            ("/help", Input::Help),
            ("/quit", Input::Quit),
            ("/exit", Input::Quit),
        ] {
            assert_eq!(Input::parse(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_command_names_help() {
        for line in ["/", "/stops", "/stop now", "/History", "/etc/hosts"] {
            let Input::Invalid(reason) = Input::parse(line) else {
                panic!("{line} is a command");
            };
            assert!(reason.contains("/help"), "{reason}");
        }
        for line in ["/history x", "/history 0", "/history -1"] {
            assert!(matches!(Input::parse(line), Input::Invalid(_)), "{line}");
        }
    }
}
