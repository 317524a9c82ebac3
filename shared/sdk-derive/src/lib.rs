//! The derive macro of the SDK: a struct as a type of events.
//!
//! It owns the syntax of `#[event(..)]`, and the compile errors of a struct that can't be an event.
//! The trait is `manyworlds_sdk::Event`, and `manyworlds-sdk` re-exports this macro. Which names are valid is defined by
//! the crate `event-type-syntax`.
//!
//! Start with `expand`.

mod attribute;
mod expand;
mod name;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives `manyworlds_sdk::Event` for a struct.
#[proc_macro_derive(Event, attributes(event))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
