//! The variables of a world: lines of `NAME=value`, of which these clients set one by one.

/// How much the models of a world reason that have no setting of their own.
pub(crate) const REASONING_EFFORT: &str = "reasoning_effort";

/// The value of a variable, if a line defines it: the last one holds.
pub(crate) fn get<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut values = text.lines().filter_map(|line| value_of(line, name));
    values.next_back().filter(|value| !value.is_empty())
}

/// The text with this value of a variable, or without the variable. Other lines stay as they are.
pub(crate) fn set(text: &str, name: &str, value: Option<&str>) -> String {
    let others = text.lines().filter(|line| value_of(line, name).is_none());
    let mut lines: Vec<String> = others.map(str::to_owned).collect();
    lines.extend(value.map(|value| format!("{name}={value}")));
    lines.join("\n")
}

fn value_of<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (defined, value) = line.split_once('=')?;
    (defined.trim() == name).then(|| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_set_and_removed_and_the_others_stay() {
        let text = "# mine\nCITY = Rome\nreasoning_effort=low";
        for (text, value, expected, found) in [
            ("", Some("low"), "reasoning_effort=low", Some("low")),
            ("", None, "", None),
            (
                text,
                Some("high"),
                "# mine\nCITY = Rome\nreasoning_effort=high",
                Some("high"),
            ),
            (text, None, "# mine\nCITY = Rome", None),
            (
                "reasoning_effort=a\nreasoning_effort = b",
                Some("c"),
                "reasoning_effort=c",
                Some("c"),
            ),
        ] {
            let changed = set(text, REASONING_EFFORT, value);
            assert_eq!(changed, expected);
            assert_eq!(get(&changed, REASONING_EFFORT), found);
        }
        assert_eq!(
            get("reasoning_effort=a\nreasoning_effort = b", REASONING_EFFORT),
            Some("b")
        );
        assert_eq!(get("reasoning_effort=", REASONING_EFFORT), None);
        assert_eq!(get("reasoning_efforts=low", REASONING_EFFORT), None);
    }
}
