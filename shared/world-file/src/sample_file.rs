//! The samples in a file: one a line.

use contract::StreamType;
use contract::stream::COMMAND_SAMPLES_MAX;
use serde_json::Value;

use crate::error::Error;

/// The samples in the text of a file, for a stream of this type; `field` is where the file is named. A line
/// is a sample: of a stream of texts the line itself, else JSON. Empty lines are none.
pub(crate) fn samples_of(
    text: &str,
    count: Option<u32>,
    stream_type: &StreamType,
    field: &str,
) -> Result<Vec<Value>, Error> {
    let wanted = count.map_or(usize::MAX, |count| {
        usize::try_from(count).unwrap_or(usize::MAX)
    });
    let lines = (1..).zip(text.lines());
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let mut samples = Vec::new();
    for (number, line) in lines.take(wanted) {
        samples.push(sample(line, stream_type).map_err(|error| {
            let detail = format!("line {number} is not JSON: {error}");
            invalid(format!("{field}.path"), detail)
        })?);
    }
    if let Some(count) = count.filter(|_| samples.len() < wanted) {
        let detail = format!("{count} samples; the file has {}", samples.len());
        return Err(invalid(format!("{field}.count"), detail));
    }
    if samples.len() > COMMAND_SAMPLES_MAX {
        let detail = format!(
            "{} samples; a world file has at most {COMMAND_SAMPLES_MAX} of a stream",
            samples.len()
        );
        return Err(invalid(format!("{field}.path"), detail));
    }
    Ok(samples)
}

fn sample(line: &str, stream_type: &StreamType) -> serde_json::Result<Value> {
    match stream_type {
        StreamType::Text => Ok(Value::String(line.to_owned())),
        StreamType::Number | StreamType::Json | StreamType::Tensor { .. } => {
            serde_json::from_str(line)
        }
    }
}

fn invalid(field: String, detail: String) -> Error {
    Error::Samples {
        field,
        detail,
        source: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_a_sample() {
        let samples = |text, count, stream_type| samples_of(text, count, stream_type, "f").unwrap();
        let text = "1.5\n\n[2, {}]\n";
        assert_eq!(
            samples(text, None, &StreamType::Json),
            [json!(1.5), json!([2, {}])]
        );
        assert_eq!(
            samples(text, None, &StreamType::Text),
            [json!("1.5"), json!("[2, {}]")]
        );
        assert_eq!(samples(text, Some(1), &StreamType::Number), [json!(1.5)]);
    }

    #[test]
    fn what_can_not_be_is_named_with_its_field_and_line() {
        let too_many = "1\n".repeat(COMMAND_SAMPLES_MAX + 1);
        for (text, count, expected) in [
            ("1\n\nx", None, "f.path: line 3 is not JSON"),
            ("1", Some(2), "f.count: 2 samples; the file has 1"),
            (&too_many, None, "f.path: 10001 samples"),
        ] {
            let error = samples_of(text, count, &StreamType::Number, "f").unwrap_err();
            let error = error.to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
