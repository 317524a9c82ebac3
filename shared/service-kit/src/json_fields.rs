//! The fields of spans as JSON, for the log.
//!
//! Each span is formatted when it begins, whether or not a line is ever written in it. So fields are written as they come,
//! where `JsonFields` of tracing-subscriber makes a map of values first, and reads it again for each later field.

use std::fmt;

use serde::Serializer as _;
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FormatFields, FormattedFields};

/// Fields with these names are for the layer of traces, which makes the name and the kind of a span of them.
const FOR_TRACES: &str = "otel.";
/// What the fields of a span often take.
const CAPACITY: usize = 256;

/// Formats the fields of a span as an object of JSON.
pub(crate) struct JsonSpanFields;

impl<'w> FormatFields<'w> for JsonSpanFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut object = Object::default();
        fields.record(&mut object);
        writer.write_str(object.close()?)
    }

    fn add_fields(
        &self,
        current: &'w mut FormattedFields<Self>,
        fields: &Record<'_>,
    ) -> fmt::Result {
        let open = current.fields.strip_suffix('}');
        let mut object = open.map_or_else(Object::default, Object::reopened);
        fields.record(&mut object);
        object.close()?.clone_into(&mut current.fields);
        Ok(())
    }
}

/// An object of JSON that is not closed yet. It is in memory, where no write fails.
struct Object(Vec<u8>);

impl Default for Object {
    fn default() -> Self {
        let mut json = Vec::with_capacity(CAPACITY);
        json.push(b'{');
        Self(json)
    }
}

impl Object {
    /// With the fields of a text that lacks only its last brace.
    fn reopened(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }

    fn close(&mut self) -> Result<&str, fmt::Error> {
        self.0.push(b'}');
        std::str::from_utf8(&self.0).map_err(|_| fmt::Error)
    }

    fn add(&mut self, field: &Field, value: &impl serde::Serialize) {
        if self.begin(field) {
            let _ = serde_json::to_writer(&mut self.0, value);
        }
    }

    /// Writes the name of a field, if it belongs in the log.
    fn begin(&mut self, field: &Field) -> bool {
        let name = field.name();
        if name.starts_with(FOR_TRACES) {
            return false;
        }
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        let name = name.strip_prefix("r#").unwrap_or(name);
        let _ = serde_json::to_writer(&mut self.0, name);
        self.0.push(b':');
        true
    }
}

impl Visit for Object {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if self.begin(field) {
            let mut json = serde_json::Serializer::new(&mut self.0);
            let _ = json.collect_str(&format_args!("{value:?}"));
        }
    }
}
