//! The names that a `use` item brings into its module.

use syn::ext::IdentExt as _;
use syn::{Ident, ItemUse, UseTree, Visibility};

/// One name of a `use` item.
pub(crate) struct Import {
    /// The segments of its path. Of a glob: what stands before the `*`.
    pub(crate) path: Vec<String>,
    /// What it is called here; `None` for a glob.
    pub(crate) name: Option<String>,
    pub(crate) is_private: bool,
}

impl Import {
    pub(crate) fn is_glob(&self) -> bool {
        self.name.is_none()
    }

    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }
}

/// The imports of one item.
pub(crate) fn imports(item: &ItemUse) -> Vec<Import> {
    let mut names = Vec::new();
    // A path that begins with `::` leads to another crate.
    if item.leading_colon.is_none() {
        flatten(&item.tree, &[], &mut names);
    }
    let is_private = matches!(item.vis, Visibility::Inherited);
    names
        .into_iter()
        .map(|(path, name)| Import {
            path,
            name,
            is_private,
        })
        .collect()
}

fn flatten(tree: &UseTree, prefix: &[String], names: &mut Vec<(Vec<String>, Option<String>)>) {
    match tree {
        UseTree::Path(path) => flatten(&path.tree, &joined(prefix, &path.ident), names),
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, prefix, names);
            }
        }
        UseTree::Name(name) => {
            let path = joined(prefix, &name.ident);
            let name = path.last().cloned();
            names.push((path, name));
        }
        UseTree::Rename(rename) => {
            let name = rename.rename.unraw().to_string();
            names.push((joined(prefix, &rename.ident), Some(name)));
        }
        UseTree::Glob(_) => names.push((prefix.to_vec(), None)),
    }
}

/// The path with one more segment. A `self` after others, as in `use chats::{self, Chat}`, adds none.
fn joined(prefix: &[String], segment: &Ident) -> Vec<String> {
    let mut path = prefix.to_vec();
    if path.is_empty() || segment != "self" {
        path.push(segment.unraw().to_string());
    }
    path
}
