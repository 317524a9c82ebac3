//! Who may use what. A new edge is a change of the architecture: this is where it is said.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const SERVICES: [&str; 4] = ["world", "agent-worker", "gateway", "persistence"];

/// Which of our crates each crate may use, tests of it aside.
const MAY_USE: &[(&str, &[&str])] = &[
    ("contract", &[]),
    ("bus", &["contract"]),
    ("schema", &[]),
    ("sdk", &["contract", "bus", "service-kit", "sdk-derive"]),
    ("sdk-derive", &["contract"]),
    ("service-kit", &[]),
    ("testkit", &[]),
    ("world", &["contract", "bus", "schema", "service-kit"]),
    ("agent-worker", &["contract", "bus", "sdk", "service-kit"]),
    ("gateway", &["contract", "bus", "service-kit"]),
    ("persistence", &["contract", "bus", "service-kit"]),
    (
        "manyworlds",
        &[
            "contract",
            "bus",
            "service-kit",
            "world",
            "agent-worker",
            "gateway",
            "persistence",
        ],
    ),
];

/// The only crates that may use these libraries.
const KEPT_TO: &[(&str, &[&str])] = &[
    ("async-nats", &["bus", "testkit"]),
    ("sqlx", &["persistence", "testkit"]),
    ("axum", &["gateway", "service-kit", "testkit"]),
    ("genai", &["agent-worker"]),
    ("rmcp", &["agent-worker", "testkit"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The direct dependencies of each crate, those of its tests aside.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for folder in ["shared", "services"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(path.join("Cargo.toml")).unwrap();
            let manifest: toml::Table = toml::from_str(&text).unwrap();
            let name = manifest["package"]["name"].as_str().unwrap().to_owned();
            assert_eq!(
                path.file_name().unwrap().to_str(),
                Some(name.as_str()),
                "folder and name"
            );
            let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
            found.insert(
                name,
                dependencies
                    .into_iter()
                    .flat_map(|table| table.keys().cloned())
                    .collect(),
            );
        }
    }
    found
}

#[test]
fn crates_use_only_what_they_may() {
    let dependencies = dependencies();
    let ours: BTreeSet<&str> = dependencies.keys().map(String::as_str).collect();
    for (name, uses) in &dependencies {
        let may = MAY_USE
            .iter()
            .find(|(of, _)| of == name)
            .map(|(_, may)| *may);
        let may = may.unwrap_or_else(|| panic!("{name} is new: say here what it may use"));
        for used in uses.iter().filter(|used| ours.contains(used.as_str())) {
            assert!(may.contains(&used.as_str()), "{name} may not use {used}");
        }
    }
}

#[test]
fn libraries_stay_where_they_belong() {
    for (name, uses) in dependencies() {
        for (library, may) in KEPT_TO {
            assert!(
                !uses.contains(*library) || may.contains(&name.as_str()),
                "{name} may not use {library}"
            );
        }
    }
}

#[test]
fn subjects_are_built_in_one_file() {
    for crate_name in SERVICES
        .iter()
        .map(|name| format!("services/{name}"))
        .chain(["shared/bus".into()])
    {
        for file in rust_files(&root().join(crate_name).join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            // A test may name what it expects.
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            assert!(
                !code.contains("\"mw."),
                "{} builds a subject",
                file.display()
            );
        }
    }
}

#[test]
fn no_source_file_is_longer_than_500_lines() {
    for folder in ["shared", "services", "tests"] {
        for file in rust_files(&root().join(folder)) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            assert!(lines <= 500, "{} has {lines} lines", file.display());
        }
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
