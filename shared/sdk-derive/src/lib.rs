//! What the SDK derives: a struct that is a type of event.
//!
//! It owns the syntax of `#[event(..)]`, and what is said of a struct that can't be an event. It
//! does not know what an event can do: that is `sdk::Event`, with which users get this derive too.
//! Which names an event may have is the contract's to say, here as everywhere.
//!
//! Start with `expand`.

mod attribute;
mod expand;
mod name;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct a type of event: see `sdk::Event`.
#[proc_macro_derive(Event, attributes(event))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
