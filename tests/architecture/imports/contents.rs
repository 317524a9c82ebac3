//! What the text of one module defines, imports and refers to. Its tests are left out.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use syn::ext::IdentExt as _;
use syn::parse::Parser as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Ident, Item, ItemMod, Member, Path};

use super::test_code::is_test;
use super::tokens::TokenReferences;
use super::use_tree::{self, Import};

/// What one module defines, imports and refers to.
#[derive(Default)]
pub(crate) struct Contents {
    /// The names of its items, those inside functions included.
    pub(crate) definitions: BTreeSet<String>,
    /// The macros that it makes with `macro_rules!`, those inside functions included.
    pub(crate) macro_definitions: BTreeSet<String>,
    /// Its imports, those inside functions included.
    pub(crate) imports: Vec<Import>,
    /// The paths in its code, if they have two segments or more: a single one is defined here,
    /// imported, or the name of a macro.
    pub(crate) paths: BTreeSet<Vec<String>>,
    /// The macros that it invokes by a single name.
    pub(crate) macro_invocations: BTreeSet<String>,
    /// The fields and methods of something that has a name: `world.chats` and `self.world.chats`
    /// are `("world", "chats")`.
    pub(crate) accesses: BTreeSet<(String, String)>,
    pub(crate) literals: BTreeSet<String>,
    /// Its own modules.
    pub(crate) modules: Vec<ItemMod>,
}

impl Contents {
    pub(crate) fn of(items: &[Item]) -> Self {
        let mut contents = Self::default();
        for item in items {
            contents.visit_item(item);
        }
        contents
    }

    fn add_definition(&mut self, name: &Ident) {
        self.definitions.insert(name.unraw().to_string());
    }

    fn add_path(&mut self, path: &Path) {
        // A path that begins with `::` leads to another crate.
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            let segments = path.segments.iter();
            let names = segments.map(|segment| segment.ident.unraw().to_string());
            self.paths.insert(names.collect());
        }
    }

    fn add_access(&mut self, base: &Expr, member: &Ident) {
        let base = match base {
            Expr::Path(path) => path.path.get_ident(),
            Expr::Field(field) => match &field.member {
                Member::Named(name) => Some(name),
                Member::Unnamed(_) => None,
            },
            _ => None,
        };
        if let Some(base) = base {
            let access = (base.unraw().to_string(), member.unraw().to_string());
            self.accesses.insert(access);
        }
    }
}

/// Visits an item unless it is a test, and adds the name that it defines.
macro_rules! visit_items {
    ($($visit:ident($Item:ident) $(defines $($name:ident).+)?;)*) => {$(
        fn $visit(&mut self, item: &'ast syn::$Item) {
            if !is_test(&item.attrs) {
                $(self.add_definition(&item.$($name).+);)?
                visit::$visit(self, item);
            }
        }
    )*};
}

impl<'ast> Visit<'ast> for Contents {
    visit_items! {
        visit_item_const(ItemConst) defines ident;
        visit_item_enum(ItemEnum) defines ident;
        visit_item_fn(ItemFn) defines sig.ident;
        visit_item_static(ItemStatic) defines ident;
        visit_item_struct(ItemStruct) defines ident;
        visit_item_trait(ItemTrait) defines ident;
        visit_item_type(ItemType) defines ident;
        visit_item_union(ItemUnion) defines ident;
        visit_item_impl(ItemImpl);
        visit_impl_item_const(ImplItemConst);
        visit_impl_item_fn(ImplItemFn);
        visit_field(Field);
        visit_local(Local);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test(&item.attrs) {
            self.modules.push(item.clone());
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_test(&item.attrs) {
            self.imports.extend(use_tree::imports(item));
        }
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        if is_test(&item.attrs) {
            return;
        }
        if let Some(name) = &item.ident {
            self.add_definition(name);
            self.macro_definitions.insert(name.unraw().to_string());
        }
        visit::visit_item_macro(self, item);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        self.add_path(path);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        if let Some(name) = invocation.path.get_ident() {
            self.macro_invocations.insert(name.unraw().to_string());
        }
        visit::visit_macro(self, invocation);
    }

    fn visit_expr_field(&mut self, field: &'ast syn::ExprField) {
        if let Member::Named(name) = &field.member {
            self.add_access(&field.base, name);
        }
        visit::visit_expr_field(self, field);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.add_access(&call.receiver, &call.method);
        visit::visit_expr_method_call(self, call);
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.literals.insert(literal.value());
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        let references = TokenReferences::of(tokens.clone());
        self.paths.extend(references.paths);
        self.accesses.extend(references.accesses);
        self.literals.extend(references.literals);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        visit::visit_attribute(self, attribute);
        // serde takes paths as text: `default = "crate::limits::standard"`.
        if let syn::Meta::List(list) = &attribute.meta {
            for literal in TokenReferences::of(list.tokens.clone()).literals {
                if let Ok(path) = Path::parse_mod_style.parse_str(&literal) {
                    self.add_path(&path);
                }
            }
        }
    }
}
