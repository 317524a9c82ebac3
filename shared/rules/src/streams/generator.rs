//! The samples that a world file describes: each a pure function of its position.

use std::f64::consts::TAU;

use contract::stream::{COMMAND_SAMPLES_MAX, Generator};
use contract::{Rejection, StreamType};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::rejection::{invalid, too_large};

/// All samples of a generator that stands at `field`, for a stream of this type.
pub(super) fn samples(
    generator: &Generator,
    stream_type: &StreamType,
    field: &str,
) -> Result<Vec<Box<RawValue>>, Rejection> {
    let values: Vec<Value> = match generator {
        Generator::Constant { value, count } => {
            vec![value.clone(); checked_count(*count, field)?]
        }
        Generator::List(values) => values.clone(),
        Generator::File { .. } => return Err(no_file(field)),
        Generator::Sine {
            period,
            amplitude,
            phase,
            count,
        } => {
            let wave = |turn: f64| amplitude * (TAU * (turn + phase)).sin();
            periodic(stream_type, *period, *count, field, wave)?
        }
        Generator::Square {
            period,
            amplitude,
            count,
        } => {
            let wave = |turn: f64| if turn < 0.5 { *amplitude } else { -amplitude };
            periodic(stream_type, *period, *count, field, wave)?
        }
    };
    let samples = values.iter().map(to_raw_value).collect::<Result<_, _>>();
    samples.map_err(|error| invalid(field, error.to_string()))
}

/// A world reads no files: the path of one would be that of a machine which is not its author's.
pub(super) fn no_file(field: &str) -> Rejection {
    let detail = "a world reads no files: `manyworlds world apply` reads those of a world file, and samples \
                  are appended to a stream";
    invalid(format!("{field}.file"), detail)
}

/// The samples of a wave, which gets the part of its period that has passed, from 0 to 1.
fn periodic(
    stream_type: &StreamType,
    period: f64,
    count: u32,
    field: &str,
    wave: impl Fn(f64) -> f64,
) -> Result<Vec<Value>, Rejection> {
    if !period.is_finite() || period <= 0.0 {
        return Err(invalid(
            format!("{field}.period"),
            "a period is more than 0",
        ));
    }
    let count = checked_count(count, field)?;
    let values = (0_u32..).take(count);
    let values = values.map(|position| wave((f64::from(position) / period).fract()));
    Ok(values.map(|value| filled(stream_type, value)).collect())
}

/// A number as a sample: a tensor has it in each of its places.
fn filled(stream_type: &StreamType, value: f64) -> Value {
    let StreamType::Tensor { shape } = stream_type else {
        return json!(value);
    };
    let lengths = shape.iter().rev();
    lengths.fold(json!(value), |inner, length| {
        let length = usize::try_from(*length).unwrap_or_default();
        Value::Array(vec![inner; length])
    })
}

fn checked_count(count: u32, field: &str) -> Result<usize, Rejection> {
    let wanted = usize::try_from(count).unwrap_or(usize::MAX);
    if wanted > COMMAND_SAMPLES_MAX {
        let detail = format!("{count} samples; at most {COMMAND_SAMPLES_MAX} are generated");
        return Err(too_large(detail, Some(format!("{field}.count"))));
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(generator: Value, stream_type: &StreamType) -> Result<Vec<String>, String> {
        let generator = serde_json::from_value(generator).unwrap();
        let found = samples(&generator, stream_type, "g");
        let found = found.map_err(|rejection| rejection.field.unwrap())?;
        Ok(found.iter().map(|sample| sample.get().to_owned()).collect())
    }

    #[test]
    fn each_generator_makes_its_samples() {
        let number = StreamType::Number;
        let matrix = StreamType::Tensor { shape: vec![1, 2] };
        for (generator, stream_type, expected) in [
            (
                json!({"constant": {"value": "a", "count": 2}}),
                &StreamType::Text,
                &["\"a\"", "\"a\""][..],
            ),
            (
                json!({"list": [1.5, {"b": null}]}),
                &StreamType::Json,
                &["1.5", "{\"b\":null}"],
            ),
            (
                json!({"square": {"period": 4, "amplitude": 2, "count": 5}}),
                &number,
                &["2.0", "2.0", "-2.0", "-2.0", "2.0"],
            ),
            (
                json!({"sine": {"period": 4, "phase": 0.25, "count": 1}}),
                &number,
                &["1.0"],
            ),
            (
                json!({"square": {"period": 2, "count": 2}}),
                &matrix,
                &["[[1.0,1.0]]", "[[-1.0,-1.0]]"],
            ),
        ] {
            let found = texts(generator.clone(), stream_type).unwrap();
            assert_eq!(found, expected, "{generator}");
        }
        let wave = texts(
            json!({"sine": {"period": 8, "amplitude": 3, "count": 17}}),
            &number,
        );
        let wave = wave.unwrap();
        assert_eq!((&wave[0], &wave[1]), (&wave[8], &wave[9]));
        assert!(wave[2].parse::<f64>().unwrap() > 2.9);
    }

    #[test]
    fn a_generator_that_can_not_work_is_refused() {
        let number = StreamType::Number;
        for (generator, field) in [
            (json!({"sine": {"period": 0, "count": 1}}), "g.period"),
            (json!({"square": {"period": -1, "count": 1}}), "g.period"),
            (json!({"sine": {"period": 1, "count": 10_001}}), "g.count"),
            (
                json!({"constant": {"value": 1, "count": 10_001}}),
                "g.count",
            ),
        ] {
            assert_eq!(texts(generator, &number), Err(field.to_owned()));
        }
    }
}
