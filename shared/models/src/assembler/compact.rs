//! JSON without white space.

use serde_json::value::RawValue;

/// The same JSON without the white space between its tokens: a text with line breaks can't be on a line
/// with other JSON. Numbers, strings and the order of keys stay as they are.
pub(super) fn compact(value: &RawValue) -> Box<RawValue> {
    let mut text = String::with_capacity(value.get().len());
    let (mut is_in_string, mut is_escaped) = (false, false);
    for character in value.get().chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_in_string = !is_in_string,
            ' ' | '\t' | '\r' | '\n' if !is_in_string => continue,
            _ => {}
        }
        text.push(character);
    }
    RawValue::from_string(text).unwrap_or_else(|_| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_between_tokens_is_removed() {
        let value = RawValue::from_string("{\n \"b c\\\" \" : [1.0 ,\t2e3 ] }".to_owned()).unwrap();
        assert_eq!(compact(&value).get(), "{\"b c\\\" \":[1.0,2e3]}");
    }
}
