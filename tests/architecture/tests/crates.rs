//! The rules for crates.

use super::fixture::violations;

#[test]
fn a_workspace_that_keeps_all_rules_has_no_violations() {
    assert_eq!(violations(&[]), [""; 0]);
}

#[test]
fn a_crate_uses_none_that_its_row_does_not_list() {
    let manifest = r#"
        package.name = "door-kit"
        dependencies = { rules.path = "" }
    "#;
    assert_eq!(
        violations(&[("services/gateway/door-kit/Cargo.toml", manifest)]),
        ["crate door-kit may not use rules"]
    );
}

#[test]
fn a_crate_that_is_listed_for_a_feature_is_optional() {
    let manifest = |optional: &str| {
        format!("package.name = 'door-kit'\ndependencies.rules = {{ path = ''{optional} }}")
    };
    let found = |optional: &str| {
        violations(&[("services/gateway/door-kit/Cargo.toml", &manifest(optional))])
    };
    assert_eq!(found(", optional = true"), [""; 0]);
    let expected = ["crate door-kit may not use rules"];
    assert_eq!(found(", optional = false"), expected);
    assert_eq!(found(""), expected);
    let gateway = "package.name = 'gateway'\ndependencies.rules = { path = '', optional = true }";
    assert_eq!(
        violations(&[("services/gateway/Cargo.toml", gateway)]),
        ["crate gateway may not use rules"]
    );
}

#[test]
fn a_library_stays_in_its_crates() {
    for dependencies in [
        "dependencies.axum = '1'",
        "dependencies.web.workspace = true",
        "dependencies.router = { package = 'axum', version = '1' }",
        "build-dependencies.axum = '1'",
        "target.'cfg(unix)'.dependencies.axum = '1'",
    ] {
        let manifest = format!("package.name = 'door-kit'\n{dependencies}");
        assert_eq!(
            violations(&[("services/gateway/door-kit/Cargo.toml", &manifest)]),
            ["crate door-kit may not use axum"],
            "{dependencies}"
        );
    }
}

#[test]
fn a_pure_crate_has_no_dependency_that_is_not_listed() {
    let manifest = "package.name = 'contract'\ndependencies = { serde = '1', tokio = '1' }";
    assert_eq!(
        violations(&[("shared/contract/Cargo.toml", manifest)]),
        ["crate contract is pure: it may not use tokio"]
    );
}

#[test]
fn a_nested_crate_has_a_row_too() {
    let manifest = "package.name = 'door-atoms'";
    assert_eq!(
        violations(&[("services/gateway/door-atoms/Cargo.toml", manifest)]),
        ["crate door-atoms is new: list what it may use"]
    );
}

#[test]
fn a_row_belongs_to_a_crate() {
    let manifest = "package.name = 'doorkit'";
    assert_eq!(
        violations(&[("services/gateway/door-kit/Cargo.toml", manifest)]),
        [
            "crate door-kit is listed, but there is none",
            "crate services/gateway/door-kit is called doorkit",
            "crate doorkit is new: list what it may use"
        ]
    );
}

#[test]
fn a_crate_is_a_member_of_the_workspace() {
    let manifest = "workspace.members = ['services/*', 'shared/*', 'tests']";
    assert_eq!(
        violations(&[("Cargo.toml", manifest)]),
        ["crate services/gateway/door-kit is no member of the workspace"]
    );
}
