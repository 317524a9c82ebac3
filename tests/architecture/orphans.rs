//! No source file is left out of the build: a module names each.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use syn::ItemMod;
use syn::ext::IdentExt as _;
use syn::visit::{self, Visit};

use crate::imports::path_attribute;
use crate::violation::Violation;
use crate::{folders, manifest};

/// The files in the folder `src` of each crate that no module names, those of tests included.
pub(crate) fn violations(workspace: &Path) -> Vec<Violation> {
    let files = folders::files(workspace);
    let crates = manifest::crates(workspace).into_iter();
    let orphans = crates.flat_map(|manifest| {
        let source = Path::new(&manifest.folder).join("src");
        let files = files
            .iter()
            .filter(|file| file.starts_with(&source) && file.extension() == Some(OsStr::new("rs")));
        orphans(workspace, &source, &files.collect())
    });
    let violations = orphans.map(|file| {
        let file = file.display();
        Violation::new(format!("orphan {file} is named by no module"))
    });
    violations.collect()
}

/// Those of `files`, all in the folder `source`, that no root leads to.
fn orphans(workspace: &Path, source: &Path, files: &BTreeSet<&PathBuf>) -> Vec<PathBuf> {
    let mut orphans: BTreeSet<PathBuf> = files.iter().copied().cloned().collect();
    let is_root = |file: &&&PathBuf| is_root(file.strip_prefix(source).unwrap());
    let roots = files.iter().filter(is_root);
    let mut open: Vec<Named> = roots.map(|root| Named::root((*root).clone())).collect();
    while let Some(named) = open.pop() {
        if orphans.remove(&named.file) {
            open.extend(named.modules(workspace));
        }
    }
    orphans.into_iter().collect()
}

/// Whether a library or a program begins in this file, seen from the folder `src`.
fn is_root(file: &Path) -> bool {
    file == "lib.rs" || file == "main.rs" || file.parent() == Some(Path::new("bin"))
}

/// A file that a module may be in.
struct Named {
    file: PathBuf,
    /// The folder of its own modules.
    folder: PathBuf,
}

impl Named {
    /// A file whose modules are beside it: `lib.rs`, `mod.rs`.
    fn root(file: PathBuf) -> Self {
        let folder = file.parent().unwrap().to_owned();
        Self { file, folder }
    }

    /// The files that its modules may be in.
    fn modules(self, workspace: &Path) -> Vec<Self> {
        let text = fs::read_to_string(workspace.join(&self.file)).unwrap();
        let shown = self.file.display();
        let parsed =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("parse {shown}: {error}"));
        let mut modules = ModuleFiles {
            of: self,
            files: Vec::new(),
        };
        modules.visit_file(&parsed);
        modules.files
    }
}

/// Collects the files of modules.
struct ModuleFiles {
    /// The file that is visited, with the folder of the module that is visited.
    of: Named,
    files: Vec<Named>,
}

impl<'ast> Visit<'ast> for ModuleFiles {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let folder = self.of.folder.join(item.ident.unraw().to_string());
        if item.content.is_some() {
            let outer = std::mem::replace(&mut self.of.folder, folder);
            visit::visit_item_mod(self, item);
            self.of.folder = outer;
        } else if let Some(path) = path_attribute(&item.attrs) {
            self.files
                .push(Named::root(self.of.file.with_file_name(path)));
        } else {
            self.files.push(Named::root(folder.join("mod.rs")));
            self.files.push(Named {
                file: folder.with_extension("rs"),
                folder,
            });
        }
    }
}
