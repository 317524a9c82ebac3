//! The close codes of WebSockets: `CloseReason` of the gateway.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};
use syn::{Arm, Item};

use super::rejections::numbered_arm;
use super::sources::{documentation, file};

const CLOSE_REASON: &str = "services/gateway/door-kit/src/close_reason.rs";

/// All close codes with what they mean, in their order.
pub(super) fn close_codes() -> BTreeMap<u16, String> {
    let file = file(CLOSE_REASON);
    let mut codes = Codes::default();
    codes.visit_file(&file);
    let variants = file.items.iter().filter_map(|item| match item {
        Item::Enum(item) if item.ident == "CloseReason" => Some(&item.variants),
        _ => None,
    });
    let meanings = variants.flatten().map(|variant| {
        let name = variant.ident.to_string();
        let code = codes.0.get(&name).copied();
        let code = code.unwrap_or_else(|| panic!("CloseReason::{name} has no code"));
        (code, documentation(&variant.attrs))
    });
    meanings.collect()
}

#[derive(Default)]
struct Codes(BTreeMap<String, u16>);

impl Visit<'_> for Codes {
    fn visit_arm(&mut self, arm: &Arm) {
        self.0.extend(numbered_arm(arm));
        visit::visit_arm(self, arm);
    }
}
