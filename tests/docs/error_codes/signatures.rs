//! The functions that take a code: their parameter `code` is a text.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{
    Block, ExprPath, FnArg, ImplItemFn, Item, ItemImpl, ItemMod, Pat, ReturnType,
    Signature as Declared, Type,
};

use super::sources::{is_test, status};

/// A function that takes a code.
#[derive(Debug, Clone)]
pub(super) struct Signature {
    /// The type of the errors that it makes, or the type that it is a method of.
    pub(super) kind: String,
    /// The places of its arguments, without that of the receiver.
    pub(super) code: usize,
    pub(super) status: Option<usize>,
    /// The only status in its body: that of all its errors.
    pub(super) only_status: Option<u16>,
    owner: Option<String>,
    name: String,
    has_receiver: bool,
}

/// Functions that take a code.
#[derive(Debug, Default)]
pub(super) struct Signatures {
    found: Vec<Signature>,
    owner: Option<String>,
}

impl Signatures {
    /// Those of all types.
    pub(super) fn of_methods(files: &[syn::File]) -> Self {
        let mut signatures = Self::default();
        for file in files {
            signatures.visit_file(file);
        }
        signatures
    }

    /// Those of a file that are no methods.
    pub(super) fn of_functions(file: &syn::File) -> Self {
        let functions = file.items.iter().filter_map(|item| match item {
            Item::Fn(function) => signature(&function.sig, &function.block, None),
            _ => None,
        });
        Self {
            found: functions.collect(),
            owner: None,
        }
    }

    pub(super) fn find(&self, owner: Option<&str>, name: &str) -> Option<&Signature> {
        let mut found = self.found.iter();
        found.find(|known| known.owner.as_deref() == owner && known.name == name)
    }

    /// The method of this name, of whichever type.
    pub(super) fn of_receiver(&self, name: &str) -> Option<&Signature> {
        let mut found = self.found.iter();
        found.find(|known| known.has_receiver && known.name == name)
    }
}

impl<'ast> Visit<'ast> for Signatures {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        self.owner = type_name(&item.self_ty);
        visit::visit_item_impl(self, item);
        self.owner = None;
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        let owner = self.owner.as_deref();
        let found = signature(&function.sig, &function.block, owner);
        self.found.extend(found);
    }
}

/// The last name of a type: `Problem`.
pub(super) fn type_name(declared: &Type) -> Option<String> {
    let Type::Path(path) = declared else {
        return None;
    };
    path.path
        .segments
        .last()
        .map(|segment| segment.ident.to_string())
}

fn signature(declared: &Declared, body: &Block, owner: Option<&str>) -> Option<Signature> {
    let has_receiver = declared.receiver().is_some();
    let parameters = declared.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    let (mut code, mut status) = (None, None);
    for (index, parameter) in parameters.enumerate() {
        let Pat::Ident(name) = &*parameter.pat else {
            continue;
        };
        match name.ident.to_string().as_str() {
            "code" if is_text(&parameter.ty) => code = Some(index),
            "status" => status = Some(index),
            _ => {}
        }
    }
    let returned = match &declared.output {
        ReturnType::Type(_, declared) => type_name(declared),
        ReturnType::Default => None,
    };
    let returned = returned.filter(|name| name != "Self");
    Some(Signature {
        kind: returned.or_else(|| owner.map(str::to_owned))?,
        code: code?,
        status,
        only_status: only_status(body),
        owner: owner.map(str::to_owned),
        name: declared.ident.to_string(),
        has_receiver,
    })
}

fn is_text(declared: &Type) -> bool {
    matches!(declared, Type::Reference(text) if type_name(&text.elem).as_deref() == Some("str"))
}

fn only_status(body: &Block) -> Option<u16> {
    let mut found = Statuses::default();
    found.visit_block(body);
    match *found.0.iter().collect::<Vec<_>>() {
        [&only] => Some(only),
        _ => None,
    }
}

/// The statuses that a body names.
#[derive(Default)]
struct Statuses(BTreeSet<u16>);

impl<'ast> Visit<'ast> for Statuses {
    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        let name = path.path.segments.last();
        self.0
            .extend(name.and_then(|name| status(&name.ident.to_string())));
    }
}
