//! The rules for the text of source files.

use super::fixture::violations;

#[test]
fn a_subject_is_built_nowhere_else() {
    for code in [
        r#"fn subject() -> &'static str { "mw.act.a" }"#,
        r#"fn subject(name: &str) -> String { format!("mw.act.{name}") }"#,
        r#"#[cfg(test)] mod tests {} const SUBJECT: &str = r"mw.act.a";"#,
    ] {
        let file = "services/gateway/src/router/worlds.rs";
        let code = format!("pub struct World; {code}");
        assert_eq!(
            violations(&[(file, &code)]),
            ["subject services/gateway/src/router/worlds.rs builds one"],
            "{code}"
        );
    }
}

#[test]
fn a_source_file_has_500_lines_at_most() {
    for file in [
        "services/gateway/door-kit/src/lib.rs",
        "tests/system/main.rs",
    ] {
        assert_eq!(violations(&[(file, &"\n".repeat(500))]), [""; 0]);
        assert_eq!(
            violations(&[(file, &"\n".repeat(501))]),
            [format!("long {file} has 501 lines")]
        );
    }
}

#[test]
fn a_source_file_is_named_by_a_module() {
    let router = "services/gateway/src/router.rs";
    let users = "services/gateway/src/router/users.rs";
    for (code, expected) in [
        ("", vec![format!("orphan {users} is named by no module")]),
        ("mod users;", vec![]),
        ("#[cfg(test)] mod users;", vec![]),
        ("#[path = \"router/users.rs\"] mod accounts;", vec![]),
    ] {
        let code = format!("mod chats; mod worlds; #[cfg(test)] mod tests; {code}");
        let found = violations(&[(router, &code), (users, "")]);
        assert_eq!(found, expected, "{code}");
    }
}

#[test]
fn a_source_file_is_named_where_the_compiler_finds_it() {
    let beside = "services/gateway/src/users.rs";
    let within = "services/gateway/src/problem/inner/users.rs";
    let problem = "pub struct Problem; mod inner { mod users; }";
    assert_eq!(
        violations(&[
            ("services/gateway/src/problem.rs", problem),
            ("services/gateway/src/bin/tool.rs", "fn main() {}"),
            (within, ""),
            (beside, ""),
        ]),
        [format!("orphan {beside} is named by no module")]
    );
}

#[test]
fn a_source_file_that_only_an_orphan_names_is_an_orphan() {
    let users = "services/gateway/src/users.rs";
    let list = "services/gateway/src/users/list.rs";
    assert_eq!(
        violations(&[(users, "mod list;"), (list, "")]),
        [list, users].map(|file| format!("orphan {file} is named by no module"))
    );
}
