//! The modules of a crate, found as the compiler finds them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::ext::IdentExt as _;
use syn::{Attribute, Expr, ExprLit, Item, ItemMod, Lit, Meta};

use super::contents::Contents;

/// The place of a module in [`Modules`].
pub(crate) type ModuleId = usize;

/// One module: a file, or a part of one.
pub(crate) struct Module {
    /// Its file, seen from the root of the workspace.
    pub(crate) file: String,
    pub(crate) parent: Option<ModuleId>,
    pub(crate) children: BTreeMap<String, ModuleId>,
    pub(crate) contents: Contents,
}

/// The modules of the library or of one program of a crate, tests aside. The first is its root.
pub(crate) struct Modules {
    workspace: PathBuf,
    pub(crate) all: Vec<Module>,
}

/// Where the text of a module is, and where the files of its own modules are.
struct Location {
    file: PathBuf,
    folder: PathBuf,
}

impl Location {
    /// A file whose modules are beside it: `lib.rs`, `mod.rs`.
    fn of_root(file: PathBuf) -> Self {
        let folder = file.parent().unwrap().to_owned();
        Self { file, folder }
    }
}

impl Modules {
    /// The modules below `file`, a `lib.rs` or `main.rs`.
    pub(crate) fn read(workspace: &Path, file: &Path) -> Self {
        let mut modules = Self {
            workspace: workspace.to_owned(),
            all: Vec::new(),
        };
        modules.add_file(&Location::of_root(file.to_owned()), None);
        modules
    }

    /// The files of the modules that hold this one.
    pub(crate) fn ancestors(&self, module: ModuleId) -> BTreeSet<String> {
        let own = &self.all[module].file;
        self.upwards(module)
            .map(|ancestor| &self.all[ancestor].file)
            .filter(|file| *file != own)
            .cloned()
            .collect()
    }

    /// Whether `module` is `outer` or a module below it.
    pub(crate) fn is_within(&self, module: ModuleId, outer: ModuleId) -> bool {
        self.upwards(module).any(|ancestor| ancestor == outer)
    }

    /// A module, the one that holds it, and so on up to the root.
    fn upwards(&self, module: ModuleId) -> impl Iterator<Item = ModuleId> {
        std::iter::successors(Some(module), |module| self.all[*module].parent)
    }

    fn add_file(&mut self, location: &Location, parent: Option<ModuleId>) -> ModuleId {
        let shown = location.file.display();
        let text = fs::read_to_string(&location.file)
            .unwrap_or_else(|error| panic!("read the module {shown}: {error}"));
        let parsed =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("parse {shown}: {error}"));
        self.add(&parsed.items, location, parent)
    }

    fn add(&mut self, items: &[Item], location: &Location, parent: Option<ModuleId>) -> ModuleId {
        let mut contents = Contents::of(items);
        let children = std::mem::take(&mut contents.modules);
        let id = self.all.len();
        let file = location.file.strip_prefix(&self.workspace).unwrap();
        self.all.push(Module {
            file: file.display().to_string(),
            parent,
            children: BTreeMap::new(),
            contents,
        });
        for child in children {
            let name = child.ident.unraw().to_string();
            let child = self.add_child(&child, &name, location, id);
            self.all[id].children.insert(name, child);
        }
        id
    }

    fn add_child(
        &mut self,
        child: &ItemMod,
        name: &str,
        location: &Location,
        parent: ModuleId,
    ) -> ModuleId {
        let folder = location.folder.join(name);
        if let Some((_, items)) = &child.content {
            let file = location.file.clone();
            return self.add(items, &Location { file, folder }, Some(parent));
        }
        let file = folder.with_extension("rs");
        let location = match path_attribute(&child.attrs) {
            Some(path) => Location::of_root(location.file.with_file_name(path)),
            None if file.exists() => Location { file, folder },
            None => Location::of_root(folder.join("mod.rs")),
        };
        self.add_file(&location, Some(parent))
    }
}

/// The path in `#[path = "…"]`.
pub(crate) fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(path),
                    ..
                }) => Some(path.value()),
                _ => None,
            },
            _ => None,
        })
}
