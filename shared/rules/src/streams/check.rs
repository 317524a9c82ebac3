//! Which types a stream may have, and which samples are of its type.

use std::fmt;

use contract::stream::SAMPLE_BYTES_MAX;
use contract::{Rejection, StreamType};
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::limits::{DIMENSIONS_MAX, ELEMENTS_MAX};
use crate::rejection::{invalid, too_large};

/// Checks the type of a stream that stands at `field`.
pub(super) fn check_type(stream_type: &StreamType, field: &str) -> Result<(), Rejection> {
    let StreamType::Tensor { shape } = stream_type else {
        return Ok(());
    };
    let field = format!("{field}.tensor.shape");
    if !(1..=DIMENSIONS_MAX).contains(&shape.len()) {
        let detail = format!("a tensor has 1 to {DIMENSIONS_MAX} dimensions");
        return Err(invalid(field, detail));
    }
    let mut elements = 1_u64;
    for length in shape {
        elements = elements.saturating_mul(u64::from(*length));
    }
    if !(1..=ELEMENTS_MAX).contains(&elements) {
        let detail = format!("a tensor has 1 to {ELEMENTS_MAX} numbers, not {elements}");
        return Err(invalid(field, detail));
    }
    Ok(())
}

/// Checks a sample that stands at `field`, which is a path without an index.
pub(super) fn check_sample(
    stream_type: &StreamType,
    sample: &RawValue,
    field: &str,
    index: usize,
) -> Result<(), Rejection> {
    let text = sample.get();
    if text.len() > SAMPLE_BYTES_MAX {
        let detail = format!("{} bytes; at most {SAMPLE_BYTES_MAX} are kept", text.len());
        return Err(too_large(detail, Some(format!("{field}[{index}]"))));
    }
    let checked = match stream_type {
        StreamType::Number => is_number(text).then_some(()).ok_or("a finite number"),
        StreamType::Text => is_text(text).then_some(()).ok_or("a string"),
        StreamType::Json => Ok(()),
        StreamType::Tensor { shape } => {
            return check_tensor(text, shape)
                .map_err(|error| invalid(format!("{field}[{index}]"), error));
        }
    };
    checked.map_err(|expected| {
        invalid(
            format!("{field}[{index}]"),
            format!("the stream is of {expected}"),
        )
    })
}

/// Whether it is a number that fits in 64 bits.
fn is_number(text: &str) -> bool {
    serde_json::from_str::<f64>(text).is_ok_and(f64::is_finite)
}

/// Whether it is a string whose escapes are characters.
fn is_text(text: &str) -> bool {
    serde_json::from_str::<String>(text).is_ok()
}

fn check_tensor(text: &str, shape: &[u32]) -> Result<(), String> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Dimensions(shape)
        .deserialize(&mut deserializer)
        .map_err(|error| format!("the stream is of tensors of shape {shape:?}: {error}"))
}

/// Reads an array of this shape, and keeps nothing of it.
#[derive(Clone, Copy)]
struct Dimensions<'a>(&'a [u32]);

impl<'de> DeserializeSeed<'de> for Dimensions<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.0.is_empty() {
            let number: f64 = serde::Deserialize::deserialize(deserializer)?;
            return if number.is_finite() {
                Ok(())
            } else {
                Err(serde::de::Error::custom("a number is not finite"))
            };
        }
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Dimensions<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of the shape {:?}", self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((length, rest)) = self.0.split_first() else {
            return Ok(());
        };
        let mut count = 0_u32;
        while items.next_element_seed(Dimensions(rest))?.is_some() {
            count += 1;
            if count > *length {
                break;
            }
        }
        if count == *length {
            Ok(())
        } else {
            Err(serde::de::Error::custom(format!(
                "an array of {length} was expected"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(shape: &[u32]) -> StreamType {
        StreamType::Tensor {
            shape: shape.to_vec(),
        }
    }

    #[test]
    fn a_sample_is_what_its_stream_promises() {
        let pair = tensor(&[2]);
        let matrix = tensor(&[2, 1]);
        for (stream_type, good, bad) in [
            (
                &StreamType::Number,
                &["1", "-1.50", "1E3", "0.1000000000000000055511151231257827"][..],
                &["\"1\"", "null", "[1]", "true", "1e999", "-1e999"][..],
            ),
            (
                &StreamType::Text,
                &[r#""""#, r#""\u00e4""#, r#""ä""#],
                &["1", "null", r#"["a"]"#, r#""\ud800""#],
            ),
            (&StreamType::Json, &["null", "[1, {}]", "1e999"], &[]),
            (
                &pair,
                &["[1,2.0]", "[ 1 , 2 ]"],
                &[
                    "[1]",
                    "[1,2,3]",
                    "[1,\"2\"]",
                    "1",
                    "[1,1e999]",
                    "[[1],[2]]",
                    "{}",
                ],
            ),
            (
                &matrix,
                &["[[1],[2]]"],
                &["[1,2]", "[[1,2]]", "[[1],[2],[3]]"],
            ),
        ] {
            for sample in good {
                let raw = RawValue::from_string((*sample).to_owned()).unwrap();
                assert_eq!(check_sample(stream_type, &raw, "samples", 3), Ok(()));
            }
            for sample in bad {
                let raw = RawValue::from_string((*sample).to_owned()).unwrap();
                let refused = check_sample(stream_type, &raw, "samples", 3).unwrap_err();
                assert_eq!(refused.field.as_deref(), Some("samples[3]"), "{sample}");
            }
        }
    }

    #[test]
    fn a_sample_has_at_most_64_kib() {
        let fits = RawValue::from_string(format!("\"{}\"", "x".repeat(65_534))).unwrap();
        assert_eq!(check_sample(&StreamType::Text, &fits, "samples", 0), Ok(()));
        let long = RawValue::from_string(format!("\"{}\"", "x".repeat(65_535))).unwrap();
        for stream_type in [StreamType::Text, StreamType::Json] {
            let refused = check_sample(&stream_type, &long, "samples", 0).unwrap_err();
            assert_eq!(refused.code, contract::RejectionCode::TooLarge);
        }
    }

    #[test]
    fn a_shape_has_few_dimensions_and_some_numbers() {
        for good in [&[1][..], &[3], &[32_768], &[2, 3, 4], &[1; 8]] {
            assert_eq!(check_type(&tensor(good), "type"), Ok(()), "{good:?}");
        }
        for bad in [&[][..], &[0], &[3, 0], &[32_769], &[u32::MAX; 8], &[1; 9]] {
            let refused = check_type(&tensor(bad), "type").unwrap_err();
            assert_eq!(refused.field.as_deref(), Some("type.tensor.shape"));
        }
    }
}
