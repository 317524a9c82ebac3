//! The codes in the sources of the gateway: what is passed to a parameter `code` that is a text, and what a
//! field `code` is set to.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{
    Expr, ExprCall, ExprMethodCall, ExprStruct, ImplItemFn, Item, ItemFn, ItemImpl, ItemMod, Local,
    Member, Pat,
};

use super::signatures::{Signature, Signatures, type_name};
use super::sources::{gateway, is_test, last_name, status, text};

/// The codes of a type of errors, such as `Problem`, with the HTTP statuses that each is sent with.
pub(super) type Codes = BTreeMap<String, BTreeSet<u16>>;

/// The codes of each type of errors of the gateway.
pub(super) fn codes() -> BTreeMap<String, Codes> {
    codes_in(&gateway())
}

fn codes_in(files: &[syn::File]) -> BTreeMap<String, Codes> {
    let methods = Signatures::of_methods(files);
    let mut codes = BTreeMap::new();
    for file in files {
        let mut calls = Calls {
            methods: &methods,
            functions: Signatures::of_functions(file),
            texts: texts(file),
            owner: None,
            statuses: BTreeMap::new(),
            codes: &mut codes,
        };
        calls.visit_file(file);
    }
    codes
}

/// The constants of a file that are texts.
fn texts(file: &syn::File) -> BTreeMap<String, String> {
    let constants = file.items.iter().filter_map(|item| match item {
        Item::Const(item) => Some((item.ident.to_string(), text(&item.expr)?)),
        _ => None,
    });
    constants.collect()
}

struct Calls<'a> {
    methods: &'a Signatures,
    functions: Signatures,
    texts: BTreeMap<String, String>,
    /// The type whose `impl` this is.
    owner: Option<String>,
    /// Variables of this function that are statuses.
    statuses: BTreeMap<String, u16>,
    codes: &'a mut BTreeMap<String, Codes>,
}

impl Calls<'_> {
    fn record(&mut self, kind: &str, code: &Expr, status: Option<&Expr>, only: Option<u16>) {
        let Some(code) = self.code(code) else { return };
        let status = status.and_then(last_name);
        let number = status.and_then(|name| {
            let variable = self.statuses.get(&name).copied();
            variable.or_else(|| super::sources::status(&name))
        });
        let codes = self.codes.entry(kind.to_owned()).or_default();
        codes.entry(code).or_default().extend(number.or(only));
    }

    /// The text of a code; none of one that comes from elsewhere: a field, or a parameter or a method that is called so.
    fn code(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::Reference(reference) => self.code(&reference.expr),
            Expr::MethodCall(call) if call.method == "code" => None,
            // `to_owned`, `to_uppercase` and so on.
            Expr::MethodCall(call) => self.code(&call.receiver),
            Expr::Field(_) => None,
            Expr::Path(_) if last_name(expression).as_deref() == Some("code") => None,
            Expr::Path(_) => {
                let name = last_name(expression).unwrap_or_default();
                let text = self.texts.get(&name).cloned();
                Some(text.unwrap_or_else(|| panic!("the code {name} is no constant of its file")))
            }
            other => Some(text(other).expect("a code is a text, or the name of one")),
        }
    }

    fn signature(&self, call: &ExprCall) -> Option<&Signature> {
        let Expr::Path(path) = &*call.func else {
            return None;
        };
        let mut names = path.path.segments.iter().rev();
        let name = names.next()?.ident.to_string();
        let Some(owner) = names.next() else {
            return self.functions.find(None, &name);
        };
        let owner = match owner.ident.to_string() {
            owner if owner == "Self" => self.owner.clone()?,
            owner => owner,
        };
        self.methods.find(Some(&owner), &name)
    }
}

fn is_code(member: &Member) -> bool {
    matches!(member, Member::Named(name) if name == "code")
}

impl<'ast> Visit<'ast> for Calls<'_> {
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

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.statuses.clear();
        if !is_test(&function.attrs) {
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.statuses.clear();
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_local(&mut self, local: &'ast Local) {
        if let (Pat::Ident(name), Some(init)) = (&local.pat, &local.init) {
            let number = last_name(&init.expr).and_then(|name| status(&name));
            self.statuses
                .extend(number.map(|number| (name.ident.to_string(), number)));
        }
        visit::visit_local(self, local);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Some(signature) = self.signature(call).cloned() {
            let status = signature.status.and_then(|index| call.args.get(index));
            let only = signature.only_status.filter(|_| signature.status.is_none());
            self.record(&signature.kind, &call.args[signature.code], status, only);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let signature = self.methods.of_receiver(&call.method.to_string()).cloned();
        if let Some(signature) = signature {
            self.record(&signature.kind, &call.args[signature.code], None, None);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_struct(&mut self, literal: &'ast ExprStruct) {
        let name = literal
            .path
            .segments
            .last()
            .map(|last| last.ident.to_string());
        let kind = match name.as_deref() {
            Some("Self") => self.owner.clone(),
            _ => name,
        };
        for field in &literal.fields {
            if let Some(kind) = kind.as_deref().filter(|_| is_code(&field.member)) {
                self.record(kind, &field.expr, None, None);
            }
        }
        visit::visit_expr_struct(self, literal);
    }
}

#[test]
fn codes_are_found_wherever_they_are_written() {
    let source = r#"
        const BUSY: &str = "busy";
        impl Problem {
            pub fn new(status: StatusCode, code: &'static str, detail: &str) -> Self { Self { code } }
            fn busy() -> Self { Self::new(StatusCode::TOO_MANY_REQUESTS, BUSY, "x") }
        }
        impl Fields {
            fn add(&mut self, name: &str, code: &str) {}
            fn check(&mut self) { self.add("a", "too_big"); }
        }
        fn forbidden(code: &'static str) -> Problem { Problem::new(StatusCode::FORBIDDEN, code, "x") }
        fn f() -> Problem {
            let status = StatusCode::NOT_FOUND;
            g(|| Problem::new(status, "gone", "x"));
            Failure { code: "late".to_owned() };
            Failure { code: other.code.to_uppercase() };
            Close { code: reason.code() };
            forbidden("no_entry")
        }
        #[cfg(test)]
        mod tests {
            fn t() { Problem::new(StatusCode::OK, "of_a_test", "x") }
        }
    "#;
    let found = codes_in(&[syn::parse_file(source).unwrap()]);
    let shown: Vec<String> = found
        .iter()
        .flat_map(|(kind, codes)| codes.iter().map(move |code| format!("{kind} {code:?}")))
        .collect();
    let expected = [
        r#"Failure ("late", {})"#,
        r#"Fields ("too_big", {})"#,
        r#"Problem ("busy", {429})"#,
        r#"Problem ("gone", {404})"#,
        r#"Problem ("no_entry", {403})"#,
    ];
    assert_eq!(shown, expected);
}
