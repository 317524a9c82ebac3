//! `docs/error-codes.md` is made of the sources: every code that a client can get is on the page, and no other.

mod calls;
mod close_codes;
mod meanings;
mod page;
mod rejections;
mod signatures;
mod sources;

use std::fs;

use crate::places::repository;

const PAGE: &str = "docs/error-codes.md";

#[test]
fn the_page_of_error_codes_is_current() {
    let made = page::page();
    let path = repository().join(PAGE);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        made == written,
        "run: UPDATE_DOCS=1 cargo test -p system-tests --test docs error_codes"
    );
}
