//! Finds what somebody who mistyped a name has meant.

/// The known name that is nearest to this one, if one is near.
pub(crate) fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let name: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    // A name of more characters is none that somebody mistyped.
    const CHARACTERS_MAX: usize = 64;
    if name.len() > CHARACTERS_MAX {
        return None;
    }
    let edits_max = match name.len() {
        0..=3 => 1,
        4..=8 => 2,
        _ => 3,
    };
    known
        .into_iter()
        .map(|known| (edits(&name, &known.chars().collect::<Vec<_>>()), known))
        .filter(|(edits, _)| *edits <= edits_max)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, known)| known)
}

/// How many characters have to be inserted, removed, replaced, or swapped with their neighbour.
fn edits(from: &[char], to: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, character) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let replaced = last[column] + usize::from(character != other);
            let mut best = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && *character == to[column - 1] && from[row - 1] == *other {
                best = best.min(before_last[column - 1] + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_is_found() {
        let known = ["entities", "tools", "brain", "event_types", "id", "kind"];
        for (name, expected) in [
            ("entitties", Some("entities")),
            ("toolz", Some("tools")),
            ("brian", Some("brain")),
            ("eventTypes", Some("event_types")),
            ("Kind", Some("kind")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
    }
}
