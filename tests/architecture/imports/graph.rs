//! Which file of a crate imports what from which other file of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::modules::{ModuleId, Modules};
use super::resolve::{Item, Resolver};

/// One source file, tests aside.
#[derive(Default)]
pub(crate) struct SourceFile {
    /// The files of the modules that hold it: `rules.rs` and `lib.rs` of `rules/chat.rs`.
    pub(crate) ancestors: BTreeSet<String>,
    /// The names that it takes from other files.
    pub(crate) imports: BTreeMap<String, BTreeSet<String>>,
    /// The fields and methods that it uses of something that has a name.
    pub(crate) accesses: BTreeSet<(String, String)>,
    pub(crate) literals: BTreeSet<String>,
}

/// The source files of a crate, by their path from the root of the workspace.
#[derive(Default)]
pub(crate) struct ImportGraph {
    pub(crate) files: BTreeMap<String, SourceFile>,
}

impl ImportGraph {
    /// Reads the library and the programs in the folder `src` of a crate.
    pub(crate) fn read(workspace: &Path, crate_folder: &str) -> Self {
        let mut graph = Self::default();
        for root in roots(&workspace.join(crate_folder).join("src")) {
            graph.add_modules(&Modules::read(workspace, &root));
        }
        graph
    }

    fn add_modules(&mut self, modules: &Modules) {
        let mut resolver = Resolver::new(modules);
        for (id, module) in modules.all.iter().enumerate() {
            let contents = &module.contents;
            let file = self.files.entry(module.file.clone()).or_default();
            file.ancestors.extend(modules.ancestors(id));
            file.accesses.extend(contents.accesses.iter().cloned());
            file.literals.extend(contents.literals.iter().cloned());
            for item in imported_items(modules, id, &mut resolver) {
                if item.file != module.file {
                    file.imports.entry(item.file).or_default().insert(item.name);
                }
            }
        }
    }
}

/// The files in which the library and the programs of a crate begin.
fn roots(source: &Path) -> Vec<PathBuf> {
    let mut roots = vec![source.join("lib.rs"), source.join("main.rs")];
    roots.retain(|root| root.exists());
    // Most crates have no such folder.
    let programs = fs::read_dir(source.join("bin")).into_iter().flatten();
    roots.extend(programs.map(|program| program.unwrap().path()));
    roots
}

fn imported_items<'a>(
    modules: &'a Modules,
    module: ModuleId,
    resolver: &mut Resolver<'a>,
) -> BTreeSet<Item> {
    let contents = &modules.all[module].contents;
    let mut found = BTreeSet::new();
    for import in &contents.imports {
        found.extend(resolver.imported_items(module, import));
    }
    for path in &contents.paths {
        found.extend(resolver.items(module, path));
    }
    for name in &contents.macro_invocations {
        found.extend(macro_items(modules, module, name));
    }
    found
}

/// The definitions of a macro that is invoked by its name alone, and neither imported nor defined
/// in the same file: `macro_rules!` reaches what follows it in the text.
fn macro_items(modules: &Modules, module: ModuleId, name: &str) -> Vec<Item> {
    let here = &modules.all[module];
    let mut imports = here.contents.imports.iter();
    let all = modules.all.iter();
    let defining = all.filter(|module| module.contents.macro_definitions.contains(name));
    let files: BTreeSet<&String> = defining.map(|module| &module.file).collect();
    if imports.any(|import| import.is_named(name)) || files.contains(&here.file) {
        return Vec::new();
    }
    let items = files.into_iter().map(|file| Item {
        file: file.clone(),
        name: format!("{name}!"),
    });
    items.collect()
}
