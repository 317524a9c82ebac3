//! The list of allowed violations.

use crate::allowed::edits;
use crate::violation::Violation;

const LIST: &str = "# A comment.\n\nup a.rs -> b.rs\n";

#[test]
fn a_listed_violation_is_allowed() {
    let violations = [Violation::new("up a.rs -> b.rs".to_owned())];
    assert_eq!(edits(LIST, &violations), "");
}

#[test]
fn a_violation_that_is_not_listed_is_reported_with_its_details() {
    let violation = Violation {
        line: "up c.rs -> b.rs".to_owned(),
        details: vec!["World".to_owned()],
    };
    assert_eq!(
        edits(
            LIST,
            &[Violation::new("up a.rs -> b.rs".to_owned()), violation]
        ),
        "These break a rule and are not in allowed.txt:\nup c.rs -> b.rs\n    World\n"
    );
}

#[test]
fn a_listed_violation_that_is_gone_is_reported() {
    assert_eq!(
        edits(LIST, &[]),
        "These are gone, delete them from allowed.txt:\nup a.rs -> b.rs\n"
    );
}
