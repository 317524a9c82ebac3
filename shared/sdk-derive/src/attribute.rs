//! `#[event(..)]`, and the doc comment beside it.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, Expr, ExprLit, Lit, LitInt, LitStr, Meta, Result};

/// What is said about an event beside its fields. Nothing has to be.
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
            return Err(meta.error("not known here: use type, version or description"));
        };
        if is_repeated {
            return Err(meta.error("said twice"));
        }
        Ok(())
    }
}

/// The doc comment: its lines joined to paragraphs, and these by an empty line.
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

/// A fault of what `at` says.
pub(crate) fn fault(at: &impl quote::ToTokens, reason: impl std::fmt::Display) -> Error {
    Error::new_spanned(at, reason)
}
