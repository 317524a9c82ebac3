//! The codes of rejections: `RejectionCode` of the contract, and the gateway's table of their statuses.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};
use syn::{Arm, Expr, Item, Lit, Pat};

use super::sources::{documentation, file, last_name, status, text};

const CONTRACT: &str = "shared/contract/src/rejection.rs";
const STATUSES: &str = "services/gateway/door-kit/src/problem.rs";

/// A rule of a world that refuses commands.
pub(super) struct RejectionRow {
    pub(super) code: String,
    pub(super) status: u16,
    pub(super) meaning: String,
}

/// All of them, in their order in the contract.
pub(super) fn rejections() -> Vec<RejectionRow> {
    let statuses = statuses();
    let items = file(CONTRACT).items;
    let codes = items.into_iter().find_map(|item| match item {
        Item::Enum(item) if item.ident == "RejectionCode" => Some(item),
        _ => None,
    });
    let variants = codes.unwrap().variants.into_iter();
    let rows = variants.map(|variant| {
        let name = variant.ident.to_string();
        let (status, code) = statuses.get(&name).unwrap_or_else(|| {
            panic!("{STATUSES} has no status of RejectionCode::{name}");
        });
        RejectionRow {
            code: code.clone(),
            status: *status,
            meaning: documentation(&variant.attrs),
        }
    });
    rows.collect()
}

/// The arms of `status_of`: `Code::Busy => (StatusCode::TOO_MANY_REQUESTS, "busy")`.
fn statuses() -> BTreeMap<String, (u16, String)> {
    let file = file(STATUSES);
    let mut table = Table::default();
    for item in &file.items {
        match item {
            Item::Const(constant) => {
                let value = text(&constant.expr);
                table
                    .texts
                    .extend(value.map(|text| (constant.ident.to_string(), text)));
            }
            Item::Fn(function) if function.sig.ident == "status_of" => {
                table.visit_item_fn(function);
            }
            _ => {}
        }
    }
    table.statuses
}

#[derive(Default)]
struct Table {
    texts: BTreeMap<String, String>,
    statuses: BTreeMap<String, (u16, String)>,
}

impl Visit<'_> for Table {
    fn visit_arm(&mut self, arm: &Arm) {
        let name = match &arm.pat {
            Pat::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        if let (Some(name), Expr::Tuple(pair)) = (name, &*arm.body) {
            let number = last_name(&pair.elems[0]).and_then(|name| status(&name));
            let code = text(&pair.elems[1])
                .or_else(|| self.texts.get(&last_name(&pair.elems[1])?).cloned());
            self.statuses.insert(name, (number.unwrap(), code.unwrap()));
        }
        visit::visit_arm(self, arm);
    }
}

/// The number in an arm such as `Self::Slow => 3008`.
pub(super) fn numbered_arm(arm: &Arm) -> Option<(String, u16)> {
    let Pat::Path(path) = &arm.pat else {
        return None;
    };
    let Expr::Lit(literal) = &*arm.body else {
        return None;
    };
    let Lit::Int(number) = &literal.lit else {
        return None;
    };
    let name = path.path.segments.last()?.ident.to_string();
    Some((name, number.base10_parse().ok()?))
}
