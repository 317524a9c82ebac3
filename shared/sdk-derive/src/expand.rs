//! Expands a struct to its implementation of `manyworlds_sdk::Event`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, Result};

use crate::attribute::{Attributes, doc_comment, error_at};
use crate::name::snake_case;

const SHAPE: &str = "an event must be a struct with named fields or without fields";

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    check_shape(input)?;
    let attributes = Attributes::parse(&input.attrs)?;
    let event_type = event_type(input, &attributes)?;
    let version = version(&attributes)?;
    let description = match &attributes.description {
        Some(description) => description.value(),
        None => doc_comment(&input.attrs),
    };
    let name = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl ::manyworlds_sdk::Event for #name {
            const TYPE: &'static str = #event_type;
            const VERSION: u32 = #version;
            const DESCRIPTION: &'static str = #description;
        }
    })
}

fn check_shape(input: &DeriveInput) -> Result<()> {
    match &input.data {
        Data::Enum(data) => {
            let reason = format!("{SHAPE}: an enum can be a field of it");
            return Err(error_at(&data.enum_token, reason));
        }
        Data::Union(data) => return Err(error_at(&data.union_token, SHAPE)),
        Data::Struct(data) => {
            if let Fields::Unnamed(fields) = &data.fields {
                return Err(error_at(fields, format!("{SHAPE}: name the fields")));
            }
        }
    }
    if input.generics.params.is_empty() {
        Ok(())
    } else {
        let reason = "an event must have exactly one schema: remove the generic parameters";
        Err(error_at(&input.generics, reason))
    }
}

fn event_type(input: &DeriveInput, attributes: &Attributes) -> Result<String> {
    let Some(given) = &attributes.event_type else {
        let name = snake_case(&input.ident.unraw().to_string());
        return check_type(&name).map_err(|reason| {
            error_at(
                &input.ident,
                format!("{reason}, or set #[event(type = \"..\")]"),
            )
        });
    };
    check_type(&given.value()).map_err(|reason| error_at(given, reason))
}

fn check_type(text: &str) -> std::result::Result<String, String> {
    event_type_syntax::check(text).map_err(|invalid| invalid.to_string())?;
    if event_type_syntax::is_reserved(text) {
        return Err(format!(
            "{text} is reserved for the world: choose another name"
        ));
    }
    Ok(text.to_owned())
}

fn version(attributes: &Attributes) -> Result<u32> {
    let Some(given) = &attributes.version else {
        return Ok(1);
    };
    match given.base10_parse() {
        Ok(version @ 1..) => Ok(version),
        _ => Err(error_at(given, "a version must be an integer from 1")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String> {
        expand(&syn::parse_str(text)?).map(|tokens| tokens.to_string())
    }

    #[test]
    fn a_struct_becomes_an_event() {
        for (text, event_type, version, description) in [
            ("struct OrderPlaced { id: u32 }", "order_placed", "1u32", ""),
            ("struct Ping;", "ping", "1u32", ""),
            ("struct Ping {}", "ping", "1u32", ""),
            (
                "#[event(type = \"shop.order.placed\", version = 2)] struct A;",
                "shop.order.placed",
                "2u32",
                "",
            ),
            (
                "#[event(type = \"a\")] #[event(version = 3)] struct A;",
                "a",
                "3u32",
                "",
            ),
            (
                "/// An order.\n/// It is paid.\n///\n/// Later it ships.\nstruct Paid;",
                "paid",
                "1u32",
                "An order. It is paid.\\n\\nLater it ships.",
            ),
            (
                "/// No.\n#[event(description = \"Yes.\")] struct Paid;",
                "paid",
                "1u32",
                "Yes.",
            ),
            (
                "#[serde(rename_all = \"camelCase\")] struct Paid { sender: String }",
                "paid",
                "1u32",
                "",
            ),
        ] {
            let expanded = expanded(text).unwrap();
            for constant in [
                format!("TYPE : & 'static str = \"{event_type}\""),
                format!("VERSION : u32 = {version}"),
                format!("DESCRIPTION : & 'static str = \"{description}\""),
            ] {
                assert!(expanded.contains(&constant), "{constant} in {expanded}");
            }
        }
    }

    /// A struct, what the error points at, and its text.
    const INVALID: &[(&str, &str, &str)] = &[
        (
            "enum A { B }",
            "enum",
            "an event must be a struct with named fields or without fields: an enum can be a field of it",
        ),
        (
            "union A { b: u8 }",
            "union",
            "an event must be a struct with named fields or without fields",
        ),
        (
            "struct A(u8);",
            "(u8)",
            "an event must be a struct with named fields or without fields: name the fields",
        ),
        (
            "struct A<T> { b: T }",
            "<T>",
            "an event must have exactly one schema: remove the generic parameters",
        ),
        (
            "struct A<'a> { b: &'a str }",
            "<'a>",
            "an event must have exactly one schema: remove the generic parameters",
        ),
        (
            "#[event(type = \"a b\")] struct A;",
            "\"a b\"",
            "\"a b\" is not an event type: use A-Z a-z 0-9 _ - in 1 to 128 bytes, joined by dots",
        ),
        (
            "#[event(type = \"message.sent\")] struct A;",
            "\"message.sent\"",
            "message.sent is reserved for the world: choose another name",
        ),
        (
            "struct Message;",
            "Message",
            "message is reserved for the world: choose another name, or set #[event(type = \"..\")]",
        ),
        (
            "#[event(kind = \"a\")] struct A;",
            "kind",
            "unknown attribute: use type, version or description",
        ),
        (
            "#[event(version = 1, version = 2)] struct A;",
            "version = 2",
            "duplicate attribute",
        ),
        (
            "#[event(version = 0)] struct A;",
            "0",
            "a version must be an integer from 1",
        ),
        (
            "#[event(version = 4294967296)] struct A;",
            "4294967296",
            "a version must be an integer from 1",
        ),
        (
            "#[event(version = \"2\")] struct A;",
            "\"2\"",
            "expected integer literal",
        ),
        (
            "#[event(type = 2)] struct A;",
            "2",
            "expected string literal",
        ),
    ];

    #[test]
    fn what_can_not_be_an_event_is_an_error_at_its_place() {
        for (text, place, reason) in INVALID {
            let error = expanded(text).unwrap_err();
            assert_eq!(error.to_string(), *reason, "{text}");
            assert_eq!(
                error.span().source_text().as_deref(),
                Some(*place),
                "{text}"
            );
        }
    }
}
