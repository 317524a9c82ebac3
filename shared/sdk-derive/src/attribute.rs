//! The attribute `#[event(..)]`, and the doc comment beside it.

use std::fmt::Display;

use quote::ToTokens;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, Expr, ExprLit, Lit, LitInt, LitStr, Meta, Result};

/// The values of `#[event(..)]`, all of them optional.
#[derive(Default)]
pub(crate) struct Attributes {
    pub(crate) event_type: Option<LitStr>,
    pub(crate) version: Option<LitInt>,
    pub(crate) description: Option<LitStr>,
}

impl Attributes {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut parsed = Self::default();
        for attribute in attributes {
            if attribute.path().is_ident("event") {
                attribute.parse_nested_meta(|meta| parsed.set(&meta))?;
            }
        }
        Ok(parsed)
    }

    fn set(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let is_repeated = if meta.path.is_ident("type") {
            self.event_type.replace(meta.value()?.parse()?).is_some()
        } else if meta.path.is_ident("version") {
            self.version.replace(meta.value()?.parse()?).is_some()
        } else if meta.path.is_ident("description") {
            self.description.replace(meta.value()?.parse()?).is_some()
        } else {
            return Err(meta.error("unknown attribute: use type, version or description"));
        };
        if is_repeated {
            return Err(meta.error("duplicate attribute"));
        }
        Ok(())
    }
}

/// The text of a doc comment: the lines of a paragraph are joined, and an empty line separates
/// paragraphs.
pub(crate) fn doc_comment(attributes: &[Attribute]) -> String {
    let lines = attributes
        .iter()
        .filter_map(doc_line)
        .collect::<Vec<_>>()
        .join("\n");
    let paragraphs = lines.split("\n\n").map(|paragraph| {
        let lines: Vec<_> = paragraph
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        lines.join(" ")
    });
    let paragraphs: Vec<_> = paragraphs
        .filter(|paragraph| !paragraph.is_empty())
        .collect();
    paragraphs.join("\n\n")
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(doc) = &attribute.meta else {
        return None;
    };
    match &doc.value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(line),
            ..
        }) if doc.path.is_ident("doc") => Some(line.value().trim().to_owned()),
        _ => None,
    }
}

/// A compile error that points at `tokens`.
pub(crate) fn error_at(tokens: &impl ToTokens, reason: impl Display) -> Error {
    Error::new_spanned(tokens, reason)
}
