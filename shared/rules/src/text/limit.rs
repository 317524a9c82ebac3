//! The length of texts.

use contract::Rejection;

use crate::rejection::{invalid, too_large};

/// Refuses a text at `field` that is too long, or that not every store can hold.
pub(crate) fn check_text(text: &str, bytes_max: usize, field: &str) -> Result<(), Rejection> {
    if text.len() > bytes_max {
        let detail = format!(
            "{} bytes of text; at most {bytes_max} are taken",
            text.len()
        );
        return Err(too_large(detail, Some(field.to_owned())));
    }
    if text.contains('\0') {
        return Err(invalid(field, "a text has no NUL character"));
    }
    Ok(())
}

/// The text without NUL characters, and its beginning with a visible mark when it is too long.
pub(crate) fn truncate(text: &str, bytes_max: usize) -> String {
    let text = text.replace('\0', "");
    if text.len() <= bytes_max {
        return text;
    }
    format!("{}… [cut]", &text[..text.floor_char_boundary(bytes_max)])
}
