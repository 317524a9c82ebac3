//! The crates: where they are, and which crates and libraries they may use.

use std::collections::BTreeSet;
use std::path::Path;

use crate::manifest::{self, Manifest, TESTS};
use crate::violation::Violation;

/// A list of names for each name.
pub(crate) type Table = &'static [(&'static str, &'static [&'static str])];

/// What crates may use. The dependencies of their tests do not count.
pub(crate) struct CrateRules {
    /// Which of our crates each crate may use. Each crate has a line.
    pub(crate) may_use: Table,
    /// Which of our crates each crate may use beside those, as optional dependencies of a feature that
    /// is off by default.
    pub(crate) with_feature: Table,
    /// The only crates that may use each library.
    pub(crate) kept_to: Table,
    /// All that each pure crate may use.
    pub(crate) pure: Table,
}

/// What is wrong with the names and dependencies of the crates in a workspace.
pub(crate) fn violations(workspace: &Path, rules: &CrateRules) -> Vec<Violation> {
    let crates = manifest::crates(workspace);
    let ours: BTreeSet<&str> = crates
        .iter()
        .map(|manifest| manifest.name.as_str())
        .collect();
    let mut lines = outside_workspace(workspace, &crates);
    lines.extend(unknown_crates(rules, &ours));
    for manifest in &crates {
        lines.extend(misnamed(manifest));
        if manifest.name != TESTS {
            lines.extend(forbidden_crates(manifest, rules, &ours));
            lines.extend(forbidden_libraries(manifest, rules.kept_to));
            lines.extend(impure(manifest, rules.pure));
        }
    }
    lines.into_iter().map(Violation::new).collect()
}

/// `cargo test --workspace` skips a crate that is not a member.
fn outside_workspace(workspace: &Path, crates: &[Manifest]) -> Vec<String> {
    let members = manifest::members(workspace);
    let folders = crates.iter().map(|manifest| &manifest.folder);
    folders
        .filter(|folder| !members.iter().any(|pattern| matches(pattern, folder)))
        .map(|folder| format!("crate {folder} is no member of the workspace"))
        .collect()
}

/// Whether a path matches a pattern in which `*` stands for any part of a folder's name.
fn matches(pattern: &str, path: &str) -> bool {
    let patterns: Vec<&str> = pattern.split('/').collect();
    let names: Vec<&str> = path.split('/').collect();
    let matches_name = |(pattern, name): (&&str, &&str)| match pattern.split_once('*') {
        Some((start, end)) => {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
        None => pattern == name,
    };
    patterns.len() == names.len() && patterns.iter().zip(&names).all(matches_name)
}

/// A line for a crate that is not there would guard nothing.
fn unknown_crates(rules: &CrateRules, ours: &BTreeSet<&str>) -> Vec<String> {
    let listed = rules.may_use.iter().chain(rules.with_feature);
    let listed = listed.chain(rules.pure);
    let listed: BTreeSet<&str> = listed.map(|(name, _)| *name).collect();
    listed
        .into_iter()
        .filter(|name| !ours.contains(name))
        .map(|name| format!("crate {name} is listed, but there is none"))
        .collect()
}

fn misnamed(manifest: &Manifest) -> Option<String> {
    let Manifest { folder, name, .. } = manifest;
    let folder_name = folder.rsplit('/').next().unwrap_or(folder);
    let is_right = folder_name == name || (folder == "tests" && name == TESTS);
    (!is_right).then(|| format!("crate {folder} is called {name}"))
}

fn forbidden_crates(manifest: &Manifest, rules: &CrateRules, ours: &BTreeSet<&str>) -> Vec<String> {
    let name = &manifest.name;
    let Some(allowed) = row(rules.may_use, name) else {
        return vec![format!("crate {name} is new: list what it may use")];
    };
    let with_feature = row(rules.with_feature, name).unwrap_or_default();
    let is_allowed = |used: &str| {
        allowed.contains(&used) || with_feature.contains(&used) && manifest.optional.contains(used)
    };
    let used = manifest.dependencies.iter().map(String::as_str);
    used.filter(|used| ours.contains(used) && !is_allowed(used))
        .map(|used| format!("crate {name} may not use {used}"))
        .collect()
}

fn forbidden_libraries(manifest: &Manifest, kept_to: Table) -> Vec<String> {
    let Manifest {
        name, dependencies, ..
    } = manifest;
    kept_to
        .iter()
        .filter(|(library, users)| {
            dependencies.contains(*library) && !users.contains(&name.as_str())
        })
        .map(|(library, _)| format!("crate {name} may not use {library}"))
        .collect()
}

fn impure(manifest: &Manifest, pure: Table) -> Vec<String> {
    let Manifest {
        name, dependencies, ..
    } = manifest;
    let Some(allowed) = row(pure, name) else {
        return Vec::new();
    };
    dependencies
        .iter()
        .filter(|used| !allowed.contains(&used.as_str()))
        .map(|used| format!("crate {name} is pure: it may not use {used}"))
        .collect()
}

fn row(table: Table, name: &str) -> Option<&'static [&'static str]> {
    let (_, names) = table.iter().find(|(key, _)| *key == name)?;
    Some(names)
}
