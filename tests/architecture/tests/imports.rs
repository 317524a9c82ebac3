//! The rules for imports between files.

use super::fixture::violations;

const LIBRARY: &str = "services/gateway/src/lib.rs";
const PROBLEM: &str = "services/gateway/src/problem.rs";
const CHATS: &str = "services/gateway/src/router/chats.rs";

/// The circle of `auth.rs`, which imports `Problem`, with `problem.rs`.
fn circle(names: &str) -> String {
    [
        "circle services/gateway/src/auth.rs services/gateway/src/problem.rs",
        "    services/gateway/src/auth.rs -> services/gateway/src/problem.rs: Problem",
        &format!("    services/gateway/src/problem.rs -> services/gateway/src/auth.rs: {names}"),
    ]
    .join("\n")
}

#[test]
fn imports_make_a_circle() {
    for code in [
        "use crate::auth::Principal;",
        "use super::{auth::{Principal}};",
        "use crate::auth::Principal as User;",
        "use crate::auth as identity; use identity::Principal;",
        "fn inner() { use crate::auth::Principal; }",
        "mod inner { use super::super::auth::Principal; }",
        "pub use crate::auth::Principal;",
    ] {
        let code = format!("pub struct Problem; {code}");
        assert_eq!(
            violations(&[(PROBLEM, &code)]),
            [circle("Principal")],
            "{code}"
        );
    }
}

#[test]
fn paths_make_a_circle() {
    for code in [
        "fn f() { super::auth::check(); }",
        "use crate::auth; fn f() { auth::check::<u8>(); }",
        "type Check = fn(&str) -> crate::auth::check;",
        "fn f(check: Box<dyn Fn(crate::auth::check) -> ()>) {}",
        "fn f() { if let crate::auth::check(_) = 1 {} }",
        "fn f() { println!(\"{}\", [super::auth::check()]); }",
        "#[derive(Deserialize)] struct A { #[serde(default = \"crate::auth::check\")] b: B }",
        "#[map(crate::auth::check)] struct A;",
        "macro_rules! check { () => { $crate::auth::check() }; }",
        "impl crate::auth::check for Problem {}",
    ] {
        let code = format!("pub struct Problem; {code}");
        assert_eq!(violations(&[(PROBLEM, &code)]), [circle("check")], "{code}");
    }
}

#[test]
fn a_reexport_is_followed_to_the_definition() {
    let library = "mod auth; mod problem; mod router; pub use auth::Principal as User;";
    assert_eq!(
        violations(&[
            (LIBRARY, library),
            (PROBLEM, "pub struct Problem; use crate::User;"),
        ]),
        [circle("Principal")]
    );
}

#[test]
fn an_alias_and_a_glob_are_followed_to_the_definition() {
    let library = "mod auth; mod problem; mod router; pub use auth as identity;";
    for code in [
        "use crate::identity::*;",
        "mod inner { pub use crate::identity::*; } fn f() -> inner::check {}",
        "mod inner { pub use super::*; } use crate::auth::*; use inner::check;",
    ] {
        let code = format!("pub struct Problem; {code}");
        assert_eq!(
            violations(&[(LIBRARY, library), (PROBLEM, &code)]),
            [circle("Principal, check")],
            "{code}"
        );
    }
}

#[test]
fn a_glob_sees_no_private_imports_of_a_sibling() {
    let violations = |import| {
        let router = format!("mod chats; mod worlds; #[cfg(test)] mod tests; {import}");
        violations(&[
            ("services/gateway/src/router.rs", &router),
            (PROBLEM, "pub struct Problem; use crate::router::*;"),
        ])
    };
    assert_eq!(violations("use crate::auth::Principal;"), [""; 0]);
    assert_eq!(
        violations("pub(crate) use crate::auth::Principal;"),
        [circle("Principal")]
    );
}

#[test]
fn what_a_macro_defines_belongs_to_the_file_that_invokes_it() {
    let auth = "use crate::problem::Problem; ids! { Principal }";
    assert_eq!(
        violations(&[
            ("services/gateway/src/auth.rs", auth),
            (
                "services/gateway/src/router.rs",
                "mod worlds; mod chats; #[cfg(test)] mod tests;"
            ),
            (PROBLEM, "pub struct Problem; use crate::auth::Principal;"),
        ]),
        [circle("Principal")]
    );
}

#[test]
fn a_circle_is_reported_once_with_all_its_files() {
    let found = violations(&[
        (PROBLEM, "pub struct Problem; use crate::router::Router;"),
        (
            LIBRARY,
            "mod auth; mod problem; mod router; pub use problem::Problem;",
        ),
    ]);
    let lines: Vec<&str> = found
        .iter()
        .filter_map(|found| found.lines().next())
        .collect();
    assert_eq!(
        lines,
        [
            "circle services/gateway/src/auth.rs services/gateway/src/problem.rs \
          services/gateway/src/router.rs"
        ]
    );
}

#[test]
fn a_file_imports_nothing_that_its_parent_defines() {
    for code in [
        "use super::Router;",
        "use crate::router::Router;",
        "fn f(router: &super::Router) {}",
        "mod inner { use super::super::Router; }",
    ] {
        assert_eq!(
            violations(&[(CHATS, code)]),
            [
                "up services/gateway/src/router/chats.rs -> services/gateway/src/router.rs\n    Router"
            ],
            "{code}"
        );
    }
}

#[test]
fn a_file_imports_nothing_that_the_root_of_its_crate_defines() {
    for code in ["use crate::run;", "fn f() { super::super::run(); }"] {
        assert_eq!(
            violations(&[(CHATS, code)]),
            ["up services/gateway/src/router/chats.rs -> services/gateway/src/lib.rs\n    run"],
            "{code}"
        );
    }
}

#[test]
fn a_macro_that_reaches_down_from_above_is_an_import() {
    let library = "macro_rules! deny { () => {}; } mod auth; mod problem; mod router;";
    assert_eq!(
        violations(&[(LIBRARY, library), (CHATS, "deny!();")]),
        ["up services/gateway/src/router/chats.rs -> services/gateway/src/lib.rs\n    deny!"]
    );
}

#[test]
fn a_program_has_a_root_of_its_own() {
    let found = violations(&[
        (
            "services/gateway/src/main.rs",
            "mod arguments; struct Verbose; fn main() {}",
        ),
        ("services/gateway/src/arguments.rs", "use crate::Verbose;"),
    ]);
    assert_eq!(
        found,
        ["up services/gateway/src/arguments.rs -> services/gateway/src/main.rs\n    Verbose"]
    );
}

#[test]
fn modules_are_found_where_the_compiler_finds_them() {
    let library = r#"
        mod auth; mod problem; mod router;
        mod old;
        #[path = "elsewhere/named.rs"] mod other;
        mod outer { pub(crate) mod inner; }
        pub fn run() {}
    "#;
    let found = violations(&[
        (LIBRARY, library),
        (
            "services/gateway/src/old/mod.rs",
            "mod leaf; pub struct Old;",
        ),
        ("services/gateway/src/old/leaf.rs", "use super::Old;"),
        (
            "services/gateway/src/elsewhere/named.rs",
            "mod leaf; pub struct Named;",
        ),
        (
            "services/gateway/src/elsewhere/leaf.rs",
            "use crate::other::Named;",
        ),
        (
            "services/gateway/src/outer/inner.rs",
            "use crate::run; use crate::outer::inner;",
        ),
    ]);
    assert_eq!(
        found,
        [
            "up services/gateway/src/elsewhere/leaf.rs -> services/gateway/src/elsewhere/named.rs\n    \
             Named",
            "up services/gateway/src/old/leaf.rs -> services/gateway/src/old/mod.rs\n    Old",
            "up services/gateway/src/outer/inner.rs -> services/gateway/src/lib.rs\n    run",
        ]
    );
}
