//! The names of tools in requests to models.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

/// The maximum length of a name: all providers accept it.
const NAME_CHARACTERS_MAX: usize = 64;

/// The names of the tools of one request.
#[derive(Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// Reserves a name for a tool that belongs to no MCP server.
    pub(super) fn reserve(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// Assigns a name to a tool: `{server}_{tool}`. A name that is too long, or taken, ends with a hash
    /// of the full name instead.
    pub(super) fn assign(&mut self, server: &str, tool: &str) -> String {
        let plain = sanitise(&format!("{server}_{tool}"));
        if plain.len() <= NAME_CHARACTERS_MAX && self.taken.insert(plain.clone()) {
            return plain;
        }
        let mut number = 0_u32;
        loop {
            let hash = Sha256::digest(format!("{server}\0{tool}\0{number}"));
            let hash: String = hash.iter().take(4).map(|it| format!("{it:02x}")).collect();
            let kept = plain.len().min(NAME_CHARACTERS_MAX - 1 - hash.len());
            let name = format!("{}_{hash}", &plain[..kept]);
            if self.taken.insert(name.clone()) {
                return name;
            }
            number += 1;
        }
    }
}

/// Replaces what not all providers accept: they do accept ASCII letters, digits, `_` and `-`, and a
/// letter or `_` at the beginning.
pub(super) fn sanitise(name: &str) -> String {
    let letter = |letter: char| match letter.is_ascii_alphanumeric() || "_-".contains(letter) {
        true => letter,
        false => '_',
    };
    let name: String = name.chars().map(letter).collect();
    match name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        true => name,
        false => format!("_{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(server: &str, tool: &str) -> String {
        Names::default().assign(server, tool)
    }

    #[test]
    fn a_name_has_only_what_all_providers_accept() {
        for (server, tool, expected) in [
            ("files", "read", "files_read"),
            ("my files", "read.all/now", "my_files_read_all_now"),
            ("Dateien", "öffnen", "Dateien__ffnen"),
            ("1st", "a-b", "_1st_a-b"),
            ("", "", "_"),
        ] {
            assert_eq!(name(server, tool), expected);
        }
    }

    #[test]
    fn a_long_name_keeps_its_beginning() {
        let (one, other) = (
            name("files", &"x".repeat(100)),
            name("files", &"x".repeat(101)),
        );
        assert_eq!((one.len(), other.len()), (64, 64));
        assert!(one.starts_with("files_xxx") && one != other);
        assert_eq!(one, name("files", &"x".repeat(100)));
    }

    #[test]
    fn no_two_tools_share_a_name() {
        let mut names = Names::default();
        names.reserve("ask_user_input");
        let pairs = [
            ("a", "b_c"),
            ("a_b", "c"),
            ("a b", "c"),
            ("ask", "user_input"),
        ];
        let given: Vec<_> = pairs
            .iter()
            .map(|(server, tool)| names.assign(server, tool))
            .collect();
        assert_eq!(given[0], "a_b_c");
        assert!(given[1].starts_with("a_b_c_") && given[3].starts_with("ask_user_input_"));
        let different: BTreeSet<_> = given.iter().collect();
        assert_eq!(different.len(), pairs.len());
    }
}
