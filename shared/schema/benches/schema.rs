//! What schemas cost: to parse one, to check values, and to compare two versions.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement that can't be made can only stop"
)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use manyworlds_schema::{Schema, incompatibilities};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

/// The schema of an order, with references, choices, patterns and limits.
fn order() -> Box<RawValue> {
    let document = json!({
        "type": "object",
        "required": ["id", "customer", "lines"],
        "additionalProperties": false,
        "properties": {
            "id": {"type": "string", "pattern": "^[a-z0-9-]{1,40}$"},
            "customer": {"$ref": "#/$defs/person"},
            "note": {"type": ["string", "null"], "maxLength": 500},
            "lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/line"}},
            "payment": {"oneOf": [
                {"type": "object", "required": ["card"], "properties": {"card": {"type": "string"}}},
                {"type": "object", "required": ["invoice"], "properties": {"invoice": {"type": "boolean"}}},
            ]},
        },
        "$defs": {
            "person": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "minLength": 1},
                    "age": {"type": "integer", "minimum": 0, "maximum": 150},
                },
            },
            "line": {
                "type": "object",
                "required": ["article", "count"],
                "properties": {
                    "article": {"type": "string"},
                    "count": {"type": "integer", "minimum": 1},
                    "price": {"type": "number", "exclusiveMinimum": 0},
                    "size": {"enum": ["S", "M", "L", "XL"]},
                },
            },
        },
    });
    to_raw_value(&document).unwrap()
}

/// An order of so many lines.
fn value(lines: u32) -> Box<RawValue> {
    let line =
        |n: u32| json!({"article": format!("a-{n}"), "count": n + 1, "price": 9.5, "size": "M"});
    let lines: Vec<_> = (0..lines).map(line).collect();
    let value = json!({
        "id": "order-7",
        "customer": {"name": "Ann", "age": 40},
        "lines": lines,
        "payment": {"card": "1234"},
    });
    to_raw_value(&value).unwrap()
}

fn parse(criterion: &mut Criterion) {
    let document = order();
    criterion.bench_function("parse a schema", |bencher| {
        bencher.iter(|| Schema::parse(black_box(&document)).unwrap());
    });
}

fn check(criterion: &mut Criterion) {
    let schema = Schema::parse(&order()).unwrap();
    let mut group = criterion.benchmark_group("check a value");
    for lines in [1, 1_000] {
        let value = value(lines);
        assert!(schema.check(&value).is_ok());
        group.throughput(Throughput::Bytes(value.get().len() as u64));
        let id = BenchmarkId::new("lines", lines);
        group.bench_with_input(id, &value, |bencher, value| {
            bencher.iter(|| schema.check(black_box(value)).unwrap());
        });
    }
    group.finish();
}

fn compare(criterion: &mut Criterion) {
    let schema = Schema::parse(&order()).unwrap();
    criterion.bench_function("compare two versions", |bencher| {
        bencher.iter(|| incompatibilities(black_box(&schema), black_box(&schema)));
    });
}

criterion_group!(benches, parse, check, compare);
criterion_main!(benches);
