//! Metrics: how far two samples are apart.

use contract::Sample;
use serde_json::Value;

/// How far two samples are apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Metric {
    /// The mean of the squared differences of their numbers.
    Mse,
    /// 1 when their largest numbers are at different places.
    Max,
    /// The share of numbers of which only one is above the bound.
    Above(f64),
}

impl Metric {
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "mse" => Some(Self::Mse),
            "max" => Some(Self::Max),
            _ => name.strip_prefix("geq")?.parse().ok().map(Self::Above),
        }
    }

    /// The mean error of samples over those that are expected, matched by their tags. A sample that is
    /// missing counts as the worst one. `None` when a tag is there that was not expected, or nothing is
    /// expected.
    pub(super) fn compare(
        self,
        expected: &[Sample],
        written: &[Sample],
        re_offset: bool,
    ) -> Option<f64> {
        let offset = |samples: &[Sample]| {
            let first = samples.first().map_or(0, |sample| sample.tag);
            if re_offset { first } else { 0 }
        };
        let (expected_offset, offset) = (offset(expected), offset(written));
        let mut written = written.iter().peekable();
        let mut total = 0.0;
        for sample in expected {
            let tag = sample.tag - expected_offset;
            let next = written.next_if(|written| written.tag - offset <= tag);
            match next {
                Some(found) if found.tag - offset == tag => {
                    total += self.error(&value(sample), &value(found));
                }
                Some(_) => return None,
                None => total += 1.0,
            }
        }
        let count = u32::try_from(expected.len())
            .ok()
            .filter(|count| *count > 0)?;
        Some(total / f64::from(count))
    }

    fn error(self, expected: &Value, found: &Value) -> f64 {
        let both = numbers(expected).zip(numbers(found));
        let Some((expected_numbers, numbers)) = both else {
            return share(expected != found);
        };
        if expected_numbers.len() != numbers.len() || numbers.is_empty() {
            return 1.0;
        }
        let pairs = expected_numbers.iter().zip(&numbers);
        let count = f64::from(u32::try_from(numbers.len()).unwrap_or(u32::MAX));
        match self {
            Self::Mse => pairs.map(|(one, other)| (one - other).powi(2)).sum::<f64>() / count,
            Self::Max => share(argmax(&expected_numbers) != argmax(&numbers)),
            Self::Above(bound) => {
                let differ = pairs.filter(|(one, other)| (**one > bound) != (**other > bound));
                f64::from(u32::try_from(differ.count()).unwrap_or(u32::MAX)) / count
            }
        }
    }
}

fn value(sample: &Sample) -> Value {
    serde_json::from_str(sample.value.get()).unwrap_or_default()
}

fn share(differs: bool) -> f64 {
    if differs { 1.0 } else { 0.0 }
}

/// The numbers of a number or a tensor, in order; `None` for anything else.
fn numbers(value: &Value) -> Option<Vec<f64>> {
    match value {
        Value::Number(number) => Some(vec![number.as_f64()?]),
        Value::Array(items) => {
            let nested: Option<Vec<Vec<f64>>> = items.iter().map(numbers).collect();
            Some(nested?.concat())
        }
        _ => None,
    }
}

/// The place of the largest number: the first of several.
fn argmax(numbers: &[f64]) -> usize {
    let mut best = 0;
    for (place, number) in numbers.iter().enumerate() {
        if *number > numbers[best] {
            best = place;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use contract::Timestamp;
    use serde_json::json;
    use serde_json::value::to_raw_value;

    use super::*;

    fn samples(values: &[(u64, Value)]) -> Vec<Sample> {
        let samples = values.iter().map(|(tag, value)| Sample {
            position: 0,
            tag: *tag,
            value: to_raw_value(value).unwrap(),
            at: Timestamp::default(),
            interaction: None,
        });
        samples.collect()
    }

    #[test]
    fn metrics_have_names() {
        assert_eq!(Metric::parse("mse"), Some(Metric::Mse));
        assert_eq!(Metric::parse("geq0.5"), Some(Metric::Above(0.5)));
        for bad in ["", "geq", "geqx", "min"] {
            assert_eq!(Metric::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn samples_are_matched_by_their_tags() {
        let expected = samples(&[
            (0, json!([1, 0])),
            (1, json!([0, 1])),
            (2, json!([1, 0])),
            (3, json!([1, 0])),
        ]);
        let right = samples(&[
            (0, json!([2, 0])),
            (1, json!([0, 9])),
            (2, json!([1, 0])),
            (3, json!([1, 0])),
        ]);
        assert_eq!(Metric::Max.compare(&expected, &right, false), Some(0.0));
        // One of four is missing.
        assert_eq!(
            Metric::Max.compare(&expected, &right[..3], false),
            Some(0.25)
        );
        let without_second = [&right[..1], &right[2..]].concat();
        assert_eq!(
            Metric::Max.compare(&expected, &without_second, false),
            Some(0.25)
        );
        // A tag that was not expected.
        let odd = samples(&[(7, json!([1, 0])), (8, json!([0, 1]))]);
        let shifted = samples(&[(10, json!([1, 0])), (11, json!([0, 1]))]);
        assert_eq!(Metric::Max.compare(&shifted, &odd, false), None);
        assert_eq!(Metric::Max.compare(&shifted, &odd, true), Some(0.0));
        assert_eq!(Metric::Max.compare(&[], &odd, true), None);
    }

    #[test]
    fn errors_of_single_samples() {
        for (metric, expected, found, error) in [
            (Metric::Mse, json!(1), json!(3), 4.0),
            (Metric::Mse, json!([1, 1]), json!([1, 3]), 2.0),
            (Metric::Max, json!([0.1, 0.2]), json!([5, 4]), 1.0),
            (
                Metric::Above(0.5),
                json!([0, 1, 1, 0]),
                json!([0.6, 0.9, 0.1, 0]),
                0.5,
            ),
            (Metric::Mse, json!("cat"), json!("cat"), 0.0),
            (Metric::Mse, json!("cat"), json!("dog"), 1.0),
            (Metric::Mse, json!([1, 2]), json!([1]), 1.0),
            (Metric::Max, json!([1, 2]), json!("x"), 1.0),
        ] {
            let found = metric.error(&expected, &found);
            assert!(
                (found - error).abs() < 1e-12,
                "{metric:?} {expected}: {found}"
            );
        }
    }
}
