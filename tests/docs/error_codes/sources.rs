//! The source files in which codes are, and what is common in reading them.

use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, ExprLit, Item, Lit, Meta};

use crate::places::repository;

/// The folders of the gateway's sources, tests of whole services aside.
const GATEWAY: [&str; 6] = [
    "services/gateway/src",
    "services/gateway/door-kit/src",
    "services/gateway/door-native/src",
    "services/gateway/door-agent-world/src",
    "services/gateway/door-genworlds/src",
    "services/gateway/door-atoms/src",
];

/// A source file of the repository.
pub(super) fn file(path: &str) -> syn::File {
    let text = fs::read_to_string(repository().join(path)).unwrap();
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All source files of the gateway and its doors, those of their tests aside.
pub(super) fn gateway() -> Vec<syn::File> {
    let mut paths = Vec::new();
    for folder in GATEWAY {
        collect(Path::new(folder), &mut paths);
    }
    paths.sort();
    let files: Vec<(PathBuf, syn::File)> = paths
        .into_iter()
        .map(|path| {
            let file = file(path.to_str().unwrap());
            (path, file)
        })
        .collect();
    let tests: Vec<PathBuf> = files
        .iter()
        .flat_map(|(path, file)| test_modules(path, file))
        .collect();
    let is_of_tests = |path: &Path| {
        let mut tests = tests.iter();
        tests.any(|test| path.starts_with(test) || path.with_extension("") == **test)
    };
    let files = files.into_iter().filter(|(path, _)| !is_of_tests(path));
    files.map(|(_, file)| file).collect()
}

/// The files of the modules that a file has for tests only, without their extension: `#[cfg(test)] mod fixtures;`.
fn test_modules(path: &Path, file: &syn::File) -> Vec<PathBuf> {
    let is_root = path
        .file_stem()
        .is_some_and(|name| name == "lib" || name == "main");
    let folder = match is_root {
        true => path.parent().unwrap().to_owned(),
        false => path.with_extension(""),
    };
    let modules = file.items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.content.is_none() && is_test(&module.attrs) => {
            Some(folder.join(module.ident.to_string()))
        }
        _ => None,
    });
    modules.collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(repository().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// Whether an item is only there in tests.
pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        Meta::NameValue(_) => false,
    })
}

/// The documentation of an item, in one line.
pub(super) fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        let text = pair.path.is_ident("doc").then(|| text(&pair.value))?;
        text.map(|text| text.trim().to_owned())
    });
    lines.collect::<Vec<_>>().join(" ")
}

/// A string literal.
pub(super) fn text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}

/// The last name of a path: `X` of `StatusCode::X`.
pub(super) fn last_name(expression: &Expr) -> Option<String> {
    let Expr::Path(path) = expression else {
        return None;
    };
    path.path
        .segments
        .last()
        .map(|segment| segment.ident.to_string())
}

/// The number of a status by its constant's name: 404 of `NOT_FOUND`.
pub(super) fn status(name: &str) -> Option<u16> {
    (100..600).find(|&number| {
        let status = reqwest::StatusCode::from_u16(number).ok();
        let reason = status.and_then(|status| status.canonical_reason());
        let constant = |reason: &str| reason.to_uppercase().replace([' ', '-'], "_");
        reason.is_some_and(|reason| constant(reason) == name)
    })
}
