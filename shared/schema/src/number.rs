//! Numbers, compared by what they are worth: `1` and `1.0` are the same.

use std::cmp::Ordering;
use std::fmt;

/// Below this a float without a fraction is read as an integer: an `i128` holds it exactly.
const INTEGER_FLOAT_MAX: f64 = 1e30;

/// A number of JSON, as exact as its reader left it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    Integer(i128),
    /// With a fraction, or beyond [`INTEGER_FLOAT_MAX`].
    Float(f64),
}

impl From<&serde_json::Number> for Number {
    fn from(number: &serde_json::Number) -> Self {
        if let Some(integer) = number.as_i64() {
            return Self::Integer(integer.into());
        }
        if let Some(integer) = number.as_u64() {
            return Self::Integer(integer.into());
        }
        let float = number.as_f64().unwrap_or(f64::MAX);
        if float.fract() == 0.0 && float.abs() < INTEGER_FLOAT_MAX {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it is whole, and small enough"
            )]
            return Self::Integer(float as i128);
        }
        Self::Float(float)
    }
}

impl Number {
    /// Whether it has no fraction.
    pub(crate) fn is_integer(self) -> bool {
        match self {
            Self::Integer(_) => true,
            Self::Float(float) => float.fract() == 0.0,
        }
    }

    /// Whether it is `step` times a whole number, in decimal digits: 0.3 is 3 times 0.1. False of
    /// numbers of more than 38 digits.
    pub(crate) fn is_multiple_of(self, step: Self) -> bool {
        let (Some((number, places)), Some((step, step_places))) = (self.decimal(), step.decimal())
        else {
            return false;
        };
        let most = places.max(step_places);
        let (Some(number), Some(step)) = (
            scaled(number, most - places),
            scaled(step, most - step_places),
        ) else {
            return false;
        };
        number.checked_rem(step) == Some(0)
    }

    /// Its decimal digits, and how many of them stand behind the point.
    fn decimal(self) -> Option<(i128, u32)> {
        let text = self.to_string();
        let (integer, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let digits = format!("{integer}{fraction}").parse().ok()?;
        Some((digits, fraction.len().try_into().ok()?))
    }
}

fn scaled(digits: i128, places: u32) -> Option<i128> {
    digits.checked_mul(10_i128.checked_pow(places)?)
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (*self, *other) {
            (Self::Integer(left), Self::Integer(right)) => left.cmp(&right),
            // A float is either beyond every whole number, or has a fraction and so is below 2^53,
            // where the nearest float of a whole number is on the same side of it.
            (Self::Integer(left), Self::Float(right)) => to_float(left).total_cmp(&right),
            (Self::Float(left), Self::Integer(right)) => left.total_cmp(&to_float(right)),
            (Self::Float(left), Self::Float(right)) => left.total_cmp(&right),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "only its place among floats is asked for"
)]
fn to_float(integer: i128) -> f64 {
    integer as f64
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(integer) => write!(f, "{integer}"),
            Self::Float(float) => write!(f, "{float}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::from(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn numbers_are_ordered_by_what_they_are_worth() {
        let ordered = [
            "-1e300",
            "-9223372036854775808",
            "-1.5",
            "-1",
            "0",
            "0.5",
            "1",
            "9007199254740993",
            "18446744073709551615",
            "1e20",
            "1e300",
        ];
        for pair in ordered.windows(2) {
            assert!(number(pair[0]) < number(pair[1]), "{pair:?}");
        }
        for (left, right) in [("1", "1.0"), ("0", "-0.0"), ("100", "1e2")] {
            assert_eq!(number(left), number(right), "{left} {right}");
        }
    }

    #[test]
    fn multiples_are_counted_in_decimal_digits() {
        for (value, step, expected) in [
            ("9", "3", true),
            ("10", "3", false),
            ("0", "7", true),
            ("-6", "3", true),
            ("0.3", "0.1", true),
            ("19.99", "0.01", true),
            ("19.995", "0.01", false),
            ("4.5", "1.5", true),
            ("1", "0.25", true),
            ("1e300", "1", false),
        ] {
            let found = number(value).is_multiple_of(number(step));
            assert_eq!(found, expected, "{value} of {step}");
        }
    }
}
