//! What holds of all schemas and values: here of random ones.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

use manyworlds_schema::{Schema, incompatibilities};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};

/// How many definitions each schema has, so that references meet one.
const DEFINITIONS: usize = 2;

fn parse(document: &Value) -> Option<Schema> {
    Schema::parse(&to_raw_value(document).unwrap()).ok()
}

fn fits(schema: &Schema, value: &Value) -> bool {
    schema.check(&to_raw_value(value).unwrap()).is_ok()
}

fn name() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "ab"]).prop_map(str::to_owned)
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..5).prop_map(Value::from),
        select(vec![0.5, 1.0, 1.5, 2.25]).prop_map(Value::from),
        select(vec!["", "a", "b", "ab", "aab"]).prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(name(), inner, 0..4).prop_map(|fields| json!(fields)),
        ]
    })
}

fn kind() -> impl Strategy<Value = Value> {
    let kinds = [
        "null", "boolean", "integer", "number", "string", "array", "object",
    ];
    prop_oneof![
        3 => select(kinds.to_vec()).prop_map(Value::from),
        1 => subsequence(kinds.to_vec(), 1..4).prop_map(Value::from),
    ]
}

fn keyword(inner: &BoxedStrategy<Value>) -> impl Strategy<Value = (&'static str, Value)> + use<> {
    let about = |name, value: BoxedStrategy<Value>| value.prop_map(move |value| (name, value));
    let number = || prop_oneof![(-1..4).prop_map(Value::from), Just(json!(0.5))].boxed();
    let count = || (0..3).prop_map(Value::from).boxed();
    let some = || vec(inner.clone(), 1..3).prop_map(Value::from).boxed();
    let fields = |name: BoxedStrategy<String>| {
        let fields = btree_map(name, inner.clone(), 1..3);
        fields.prop_map(|fields| json!(fields)).boxed()
    };
    let pattern = || {
        select(vec!["a", "^a$", "b", "^ab"])
            .prop_map(str::to_owned)
            .boxed()
    };
    prop_oneof![
        8 => about("type", kind().boxed()),
        2 => about("enum", vec(value(), 1..4).prop_map(Value::from).boxed()),
        2 => about("const", value().boxed()),
        1 => about("minimum", number()),
        1 => about("maximum", number()),
        1 => about("exclusiveMinimum", number()),
        1 => about("exclusiveMaximum", number()),
        1 => about("multipleOf", select(vec![json!(1), json!(2), json!(0.5)]).boxed()),
        1 => about("minLength", count()),
        1 => about("maxLength", count()),
        1 => about("pattern", pattern().prop_map(Value::from).boxed()),
        1 => about("minItems", count()),
        1 => about("maxItems", count()),
        1 => about("uniqueItems", any::<bool>().prop_map(Value::from).boxed()),
        2 => about("items", inner.clone()),
        1 => about("prefixItems", some()),
        1 => about("contains", inner.clone()),
        6 => about("properties", fields(name().boxed())),
        1 => about("patternProperties", fields(pattern())),
        3 => about("additionalProperties", inner.clone()),
        1 => about("propertyNames", inner.clone()),
        3 => about("required", vec(name(), 1..3).prop_map(Value::from).boxed()),
        1 => about("minProperties", count()),
        1 => about("maxProperties", count()),
        1 => about("dependentRequired", Just(json!({ "a": ["b"] })).boxed()),
        1 => about("dependentSchemas", fields(name().boxed())),
        2 => about("anyOf", some()),
        2 => about("oneOf", some()),
        1 => about("allOf", some()),
        1 => about("not", inner.clone()),
        1 => about("if", inner.clone()),
        1 => about("then", inner.clone()),
        1 => about("else", inner.clone()),
        2 => about("$ref", (0..DEFINITIONS).prop_map(|index| format!("#/$defs/D{index}").into()).boxed()),
    ]
}

fn subschema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => kind().prop_map(|kind| json!({ "type": kind })),
        1 => any::<bool>().prop_map(Value::from),
        1 => (0..DEFINITIONS).prop_map(|index| json!({ "$ref": format!("#/$defs/D{index}") })),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        let keywords = vec(keyword(&inner.boxed()), 1..4);
        keywords.prop_map(|keywords| {
            let named = keywords
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value));
            named.collect::<Map<_, _>>().into()
        })
    })
}

/// A document whose references all lead somewhere.
fn document() -> impl Strategy<Value = Value> {
    (subschema(), vec(subschema(), DEFINITIONS)).prop_map(|(root, definitions)| {
        let mut root = match root {
            Value::Object(keywords) => keywords,
            other => Map::from_iter([("allOf".to_owned(), json!([other]))]),
        };
        let named = definitions.into_iter().enumerate();
        let named = named.map(|(index, definition)| (format!("D{index}"), definition));
        root.insert("$defs".into(), named.collect::<Map<_, _>>().into());
        root.into()
    })
}

/// How one place of a document is changed.
#[derive(Debug, Clone)]
enum Change {
    Put(&'static str, Value),
    Drop,
    Add(Value),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        2 => keyword(&subschema().boxed()).prop_map(|(name, value)| Change::Put(name, value)),
        2 => Just(Change::Drop),
        1 => prop_oneof![scalar(), subschema()].prop_map(Change::Add),
    ]
}

/// A document, and it with some changes: related as two versions of a type are.
fn versions() -> impl Strategy<Value = (Value, Value)> {
    let changes = vec((any::<prop::sample::Index>(), change()), 0..3);
    (document(), changes).prop_map(|(old, changes)| {
        let mut new = old.clone();
        for (place, change) in changes {
            let mut places = Vec::new();
            list_places(&new, &mut Vec::new(), &mut places);
            apply(&mut new, &places[place.index(places.len())], &change);
        }
        (old, new)
    })
}

/// The pointers to all objects and lists.
fn list_places(value: &Value, at: &mut Vec<String>, places: &mut Vec<String>) {
    let mut visit = |name: String, part: &Value| {
        at.push(name);
        list_places(part, at, places);
        at.pop();
    };
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, part)| visit(name.clone(), part)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, part)| visit(index.to_string(), part)),
        _ => return,
    }
    places.push(at.iter().map(|name| format!("/{name}")).collect());
}

fn apply(document: &mut Value, place: &str, change: &Change) {
    match (document.pointer_mut(place), change) {
        (Some(Value::Object(fields)), Change::Put(name, value)) => {
            fields.insert((*name).to_owned(), value.clone());
        }
        (Some(Value::Object(fields)), Change::Drop) => {
            let first = fields.keys().find(|name| !name.starts_with('D')).cloned();
            first.and_then(|name| fields.remove(&name));
        }
        (Some(Value::Array(items)), Change::Drop) if items.len() > 1 => {
            items.pop();
        }
        (Some(Value::Array(items)), Change::Add(value)) => items.push(value.clone()),
        _ => {}
    }
}

/// Says in each schema that an object has no other fields than those it names, unless it says
/// something of them.
fn close(schema: &mut Value) {
    let Value::Object(keywords) = schema else {
        return;
    };
    for (name, part) in keywords.iter_mut() {
        match (name.as_str(), part) {
            ("const" | "enum", _) => {}
            (
                "properties" | "patternProperties" | "dependentSchemas" | "$defs",
                Value::Object(parts),
            ) => {
                parts.values_mut().for_each(close);
            }
            (_, Value::Array(parts)) => parts.iter_mut().for_each(close),
            (_, part) => close(part),
        }
    }
    keywords
        .entry("additionalProperties")
        .or_insert(false.into());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// An independent reader of JSON Schema agrees on what fits.
    #[test]
    fn others_say_the_same(document in document(), values in vec(value(), 20)) {
        let Some(ours) = parse(&document) else { return Ok(()) };
        let Ok(theirs) = jsonschema::draft202012::new(&document) else { return Ok(()) };
        for value in values {
            prop_assert_eq!(fits(&ours, &value), theirs.is_valid(&value), "{} {}", document, value);
        }
    }

    #[test]
    fn what_fitted_fits_a_compatible_schema((old, new) in versions(), values in vec(value(), 40)) {
        let (Some(old_schema), Some(new_schema)) = (parse(&old), parse(&new)) else { return Ok(()) };
        if !incompatibilities(&old_schema, &new_schema).is_empty() {
            return Ok(());
        }
        for value in values {
            let breaks = fits(&old_schema, &value) && !fits(&new_schema, &value);
            prop_assert!(!breaks, "{old} -> {new}: {value}");
        }
    }

    /// What only concerns fields that the old schema does not mention, concerns nobody who sends
    /// none.
    #[test]
    fn what_is_undeclared_concerns_no_others((old, new) in versions(), values in vec(value(), 40)) {
        let (Some(old_schema), Some(new_schema)) = (parse(&old), parse(&new)) else { return Ok(()) };
        let found = incompatibilities(&old_schema, &new_schema);
        let mut closed = old.clone();
        close(&mut closed);
        let Some(closed_schema) = parse(&closed) else { return Ok(()) };
        if found.iter().any(|found| !found.undeclared) {
            return Ok(());
        }
        for value in values {
            let fitted = fits(&old_schema, &value) && fits(&closed_schema, &value);
            let breaks = fitted && !fits(&new_schema, &value);
            prop_assert!(!breaks, "{old} -> {new}: {value}: {found:?}");
        }
    }

    #[test]
    fn every_schema_is_compatible_with_itself(document in document()) {
        let Some(schema) = parse(&document) else { return Ok(()) };
        prop_assert_eq!(incompatibilities(&schema, &schema), [], "{}", document);
    }

    #[test]
    fn a_fault_has_a_path_and_a_reason(document in document(), value in value()) {
        let Some(schema) = parse(&document) else { return Ok(()) };
        if let Err(faults) = schema.check(&to_raw_value(&value).unwrap()) {
            prop_assert!((1..=8).contains(&faults.len()));
            for fault in faults {
                prop_assert!(fault.path.starts_with("data"), "{fault}");
            }
        }
    }
}
