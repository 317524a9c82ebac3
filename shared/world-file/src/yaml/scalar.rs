//! Scalars by the core schema of YAML 1.2.

/// A scalar, and its text as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    pub(crate) value: ScalarValue,
}

/// What a scalar stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ScalarValue {
    Null,
    Bool(bool),
    Unsigned(u64),
    Negative(i64),
    Float(f64),
    /// Its text.
    Text,
}

/// The value of a plain scalar.
///
/// # Errors
/// What is wrong with it, when it is a number that JSON does not have or that 64 bits do not hold.
pub(super) fn resolve(text: &str) -> Result<ScalarValue, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => ScalarValue::Null,
        "true" | "True" | "TRUE" => ScalarValue::Bool(true),
        "false" | "False" | "FALSE" => ScalarValue::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Err(not_finite(text)),
        _ => match text.trim_start_matches(['+', '-']) {
            ".inf" | ".Inf" | ".INF" => return Err(not_finite(text)),
            _ => return number(text),
        },
    })
}

/// The value of a plain scalar with the tag of an integer or a float, which is one or nothing.
pub(super) fn resolve_number(text: &str) -> Result<ScalarValue, String> {
    match resolve(text)? {
        value @ (ScalarValue::Unsigned(_) | ScalarValue::Negative(_) | ScalarValue::Float(_)) => {
            Ok(value)
        }
        ScalarValue::Null | ScalarValue::Bool(_) | ScalarValue::Text => {
            Err(format!("`{}` is not a number", excerpt(text)))
        }
    }
}

fn number(text: &str) -> Result<ScalarValue, String> {
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|digit| digit.is_digit(radix))
        {
            let value = u64::from_str_radix(digits, radix).map_err(|_| too_large(text))?;
            return Ok(ScalarValue::Unsigned(value));
        }
    }
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let leading_length = digits_length(unsigned);
    let (leading, rest) = unsigned.split_at(leading_length);
    // `007` and `014.5`: see the comment of the parent module.
    if leading.len() > 1 && leading.starts_with('0') {
        return Ok(ScalarValue::Text);
    }
    if rest.is_empty() && !leading.is_empty() {
        return integer(is_negative, text, leading);
    }
    if !is_fraction_with_exponent(leading, rest) {
        return Ok(ScalarValue::Text);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(ScalarValue::Float(value)),
        _ => Err(too_large(text)),
    }
}

fn integer(is_negative: bool, text: &str, digits: &str) -> Result<ScalarValue, String> {
    if !is_negative {
        let value = digits.parse().map_err(|_| too_large(text))?;
        return Ok(ScalarValue::Unsigned(value));
    }
    match text.parse::<i64>().map_err(|_| too_large(text))? {
        0 => Ok(ScalarValue::Unsigned(0)),
        value => Ok(ScalarValue::Negative(value)),
    }
}

/// Whether this follows the integer part of a float: `.5`, `.`, `e3`, `.5e-3`.
fn is_fraction_with_exponent(leading: &str, rest: &str) -> bool {
    let exponent = match rest.strip_prefix('.') {
        Some(fraction) => {
            let length = digits_length(fraction);
            if leading.is_empty() && length == 0 {
                return false;
            }
            &fraction[length..]
        }
        None if leading.is_empty() => return false,
        None => rest,
    };
    if exponent.is_empty() {
        return true;
    }
    let Some(power) = exponent.strip_prefix(['e', 'E']) else {
        return false;
    };
    let power = power.strip_prefix(['+', '-']).unwrap_or(power);
    !power.is_empty() && digits_length(power) == power.len()
}

fn digits_length(text: &str) -> usize {
    text.find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len())
}

fn not_finite(text: &str) -> String {
    format!("`{text}` is no number that JSON has; for a text, put it in quotes")
}

fn too_large(text: &str) -> String {
    let text = excerpt(text);
    format!("the number `{text}` does not fit into 64 bits; for a text, put it in quotes")
}

fn excerpt(text: &str) -> String {
    const CHARACTERS_MAX: usize = 40;
    let mut shown: String = text.chars().take(CHARACTERS_MAX).collect();
    if shown.len() < text.len() {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_yaml_1_1_that_were_something_else_are_texts() {
        for text in [
            "no",
            "No",
            "NO",
            "yes",
            "y",
            "n",
            "Y",
            "N",
            "on",
            "off",
            "On",
            "014",
            "0777",
            "-012",
            "00",
            "1_000",
            "12:30:45",
            "1:30",
            "0b1",
            "0o8",
            "0o",
            "0x",
            "0xg",
            "-0x1",
            "tRUE",
            "nULL",
            "2001-12-14",
            "1.2.3",
            "1e",
            "e5",
            ".",
            "-",
            "+",
            "--1",
            "+-1",
            ".e1",
            "1e5x",
            "- 1",
            "١",
            "1,000",
            "=",
            "007.5",
        ] {
            assert_eq!(resolve(text), Ok(ScalarValue::Text), "{text}");
        }
    }

    #[test]
    fn values_of_the_core_schema_are_values() {
        for (text, expected) in [
            ("", ScalarValue::Null),
            ("~", ScalarValue::Null),
            ("NULL", ScalarValue::Null),
            ("True", ScalarValue::Bool(true)),
            ("FALSE", ScalarValue::Bool(false)),
            ("0", ScalarValue::Unsigned(0)),
            ("-0", ScalarValue::Unsigned(0)),
            ("+5", ScalarValue::Unsigned(5)),
            ("-5", ScalarValue::Negative(-5)),
            ("0o14", ScalarValue::Unsigned(12)),
            ("0xFf", ScalarValue::Unsigned(255)),
            ("18446744073709551615", ScalarValue::Unsigned(u64::MAX)),
            ("-9223372036854775808", ScalarValue::Negative(i64::MIN)),
            (
                "9007199254740993",
                ScalarValue::Unsigned(9_007_199_254_740_993),
            ),
            ("1.0", ScalarValue::Float(1.0)),
            ("1.", ScalarValue::Float(1.0)),
            ("-.5", ScalarValue::Float(-0.5)),
            ("0.1", ScalarValue::Float(0.1)),
            ("1e3", ScalarValue::Float(1000.0)),
            ("+1.5E-3", ScalarValue::Float(0.0015)),
        ] {
            assert_eq!(resolve(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_number_that_json_does_not_have_is_refused() {
        for text in [
            ".inf",
            "-.INF",
            "+.Inf",
            ".nan",
            ".NaN",
            "18446744073709551616",
            "-9223372036854775809",
            "1e400",
            "0xfffffffffffffffff",
        ] {
            assert!(resolve(text).is_err(), "{text}");
        }
    }
}
