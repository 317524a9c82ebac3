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
