//! From a path to the file that defines what it names. A re-export is followed to its definition.

use std::collections::BTreeSet;

use super::modules::{ModuleId, Modules};
use super::use_tree::Import;

/// What a path leads to, within its crate.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Module(ModuleId),
    Item(Item),
}

/// An item, and the file that defines it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Item {
    pub(crate) file: String,
    pub(crate) name: String,
}

/// Finds what names mean. A name can mean several things at once, a module and a function: all count.
pub(crate) struct Resolver<'a> {
    modules: &'a Modules,
    /// The imports that are being followed now: an import is no answer to what it needs itself.
    followed: Vec<(ModuleId, &'a [String])>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(modules: &'a Modules) -> Self {
        Self {
            modules,
            followed: Vec::new(),
        }
    }

    /// The items that a path in a module leads to: none if it leads to a module or out of the crate.
    pub(crate) fn items(&mut self, module: ModuleId, path: &'a [String]) -> BTreeSet<Item> {
        items(self.targets(module, path))
    }

    /// The items that an import brings into a module. Of a glob: all that it can see, whether the
    /// module uses them or not.
    pub(crate) fn imported_items(
        &mut self,
        module: ModuleId,
        import: &'a Import,
    ) -> BTreeSet<Item> {
        if import.is_glob() {
            self.glob_items(module, &import.path)
        } else {
            self.items(module, &import.path)
        }
    }

    fn glob_items(&mut self, module: ModuleId, path: &'a [String]) -> BTreeSet<Item> {
        let mut found = BTreeSet::new();
        for target in self.targets(module, path) {
            match target {
                Target::Module(listed) => found.extend(self.visible_items(listed, module)),
                // The variants of an enum.
                Target::Item(item) => _ = found.insert(item),
            }
        }
        found
    }

    fn visible_items(&mut self, listed: ModuleId, viewer: ModuleId) -> BTreeSet<Item> {
        let modules = self.modules;
        let contents = &modules.all[listed].contents;
        let definitions = contents.definitions.iter();
        let mut found: BTreeSet<Item> = definitions.map(|name| self.item(listed, name)).collect();
        let sees_all = modules.is_within(viewer, listed);
        for import in &contents.imports {
            if sees_all || !import.is_private {
                found.extend(self.follow(listed, import, |resolver| {
                    resolver.imported_items(listed, import)
                }));
            }
        }
        found
    }

    fn targets(&mut self, module: ModuleId, path: &'a [String]) -> BTreeSet<Target> {
        let Some((first, rest)) = path.split_first() else {
            return BTreeSet::new();
        };
        let mut targets = match first.as_str() {
            "crate" => BTreeSet::from([Target::Module(0)]),
            "self" => BTreeSet::from([Target::Module(module)]),
            "super" => self.parent(module),
            name => self.named(module, name),
        };
        for segment in rest {
            targets = self.within(targets, segment);
        }
        targets
    }

    /// What `segment` means after a path to `targets`.
    fn within(&mut self, targets: BTreeSet<Target>, segment: &str) -> BTreeSet<Target> {
        let modules = modules_of(&targets);
        if modules.is_empty() {
            // What follows an item, a variant or a function of a type, belongs to it.
            return targets;
        }
        let mut found = BTreeSet::new();
        for module in modules {
            match segment {
                "super" => found.extend(self.parent(module)),
                name if self.is_made_by_macro(module, name) => {
                    found.insert(Target::Item(self.item(module, name)));
                }
                name => found.extend(self.named(module, name)),
            }
        }
        found
    }

    /// What a name means in a module. Nothing if the name is of another crate.
    fn named(&mut self, module: ModuleId, name: &str) -> BTreeSet<Target> {
        let modules = self.modules;
        let in_scope = &modules.all[module];
        let mut found = BTreeSet::new();
        if in_scope.contents.definitions.contains(name) {
            found.insert(Target::Item(self.item(module, name)));
        }
        if let Some(child) = in_scope.children.get(name) {
            found.insert(Target::Module(*child));
        }
        let imports = &in_scope.contents.imports;
        for import in imports.iter().filter(|import| import.is_named(name)) {
            found.extend(self.follow(module, import, |resolver| {
                resolver.targets(module, &import.path)
            }));
        }
        if !found.is_empty() {
            return found;
        }
        for glob in imports.iter().filter(|import| import.is_glob()) {
            found.extend(self.follow(module, glob, |resolver| {
                let listed = modules_of(&resolver.targets(module, &glob.path)).into_iter();
                let named = listed.flat_map(|listed| resolver.named(listed, name));
                named.collect::<BTreeSet<Target>>()
            }));
        }
        found
    }

    fn follow<T: Default>(
        &mut self,
        module: ModuleId,
        import: &'a Import,
        find: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let step = (module, import.path.as_slice());
        if self.followed.contains(&step) {
            return T::default();
        }
        self.followed.push(step);
        let found = find(self);
        self.followed.pop();
        found
    }

    /// A name that nothing else in the module explains is made by a macro there.
    fn is_made_by_macro(&self, module: ModuleId, name: &str) -> bool {
        let module = &self.modules.all[module];
        let mut imports = module.contents.imports.iter();
        !module.contents.definitions.contains(name)
            && !module.children.contains_key(name)
            && !imports.any(|import| import.is_glob() || import.is_named(name))
    }

    fn parent(&self, module: ModuleId) -> BTreeSet<Target> {
        let parent = self.modules.all[module].parent;
        parent.into_iter().map(Target::Module).collect()
    }

    fn item(&self, module: ModuleId, name: &str) -> Item {
        Item {
            file: self.modules.all[module].file.clone(),
            name: name.to_owned(),
        }
    }
}

fn items(targets: BTreeSet<Target>) -> BTreeSet<Item> {
    let items = targets.into_iter().filter_map(|target| match target {
        Target::Item(item) => Some(item),
        Target::Module(_) => None,
    });
    items.collect()
}

fn modules_of(targets: &BTreeSet<Target>) -> Vec<ModuleId> {
    let modules = targets.iter().filter_map(|target| match target {
        Target::Module(module) => Some(*module),
        Target::Item(_) => None,
    });
    modules.collect()
}
