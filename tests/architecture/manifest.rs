//! The manifests of the workspace and of its crates.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use toml::{Table, Value};

use crate::folders;

/// The crate in the folder `tests`. It may use everything.
pub(crate) const TESTS: &str = "system-tests";

/// How the packages begin that are published; the name of the folder follows.
const PUBLISHED: &str = "manyworlds-";

/// What the manifest of a crate says. Packages are named without `manyworlds-`, as their folders are.
pub(crate) struct Manifest {
    /// The folder of the crate, seen from the root of the workspace.
    pub(crate) folder: String,
    pub(crate) name: String,
    /// The packages that it uses, those of its tests aside.
    pub(crate) dependencies: BTreeSet<String>,
    /// Those of them that only a feature adds.
    pub(crate) optional: BTreeSet<String>,
}

/// The manifests of all crates, nested ones included.
pub(crate) fn crates(workspace: &Path) -> Vec<Manifest> {
    let shared = read(workspace);
    let shared = shared["workspace"].get("dependencies");
    let manifests = folders::files(workspace).into_iter();
    let folders = manifests.filter_map(|file| {
        let is_manifest = file.file_name()? == "Cargo.toml";
        is_manifest.then(|| file.parent().map(Path::to_owned))?
    });
    let manifests = folders.map(|folder| {
        let manifest = read(&workspace.join(&folder));
        let dependencies = dependencies(&manifest, shared);
        let optional = dependencies.iter().filter(|(_, is_optional)| **is_optional);
        Manifest {
            folder: folder.display().to_string(),
            name: short(manifest["package"]["name"].as_str().unwrap()),
            optional: optional.map(|(package, _)| package.clone()).collect(),
            dependencies: dependencies.into_keys().collect(),
        }
    });
    manifests.collect()
}

/// The patterns of the workspace's members.
pub(crate) fn members(workspace: &Path) -> Vec<String> {
    let manifest = read(workspace);
    let members = manifest["workspace"]["members"].as_array().unwrap();
    let members = members
        .iter()
        .map(|member| member.as_str().unwrap().to_owned());
    members.collect()
}

fn read(folder: &Path) -> Table {
    let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    toml::from_str(&text).unwrap()
}

/// The packages in a crate's sections of dependencies, those for some targets only included, and
/// whether each is optional. A dependency can have another name than its package.
fn dependencies(manifest: &Table, shared: Option<&Value>) -> BTreeMap<String, bool> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets.into_iter().flat_map(Table::values);
    let sections = targets.filter_map(Value::as_table).chain([manifest]);
    let tables = sections.flat_map(|section| {
        let kinds = ["dependencies", "build-dependencies"].into_iter();
        kinds.filter_map(|kind| section.get(kind)?.as_table())
    });
    let mut dependencies = BTreeMap::new();
    for (key, dependency) in tables.flatten() {
        let shared = shared.and_then(|shared| shared.get(key));
        let mut entries = [shared, Some(dependency)].into_iter().flatten();
        let package = entries.find_map(|entry| entry.get("package")?.as_str());
        let is_optional = dependency.get("optional").and_then(Value::as_bool);
        // Optional for all targets, or not optional.
        *dependencies
            .entry(short(package.unwrap_or(key)))
            .or_insert(true) &= is_optional.unwrap_or(false);
    }
    dependencies
}

fn short(package: &str) -> String {
    package
        .strip_prefix(PUBLISHED)
        .unwrap_or(package)
        .to_owned()
}
