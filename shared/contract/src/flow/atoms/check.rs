//! Whether a payload is what its type promises.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::known_type::{FieldKind, KnownField};
use super::lookup::known_type;

/// A payload that is not what its type promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct InvalidPayload {
    /// The path of the field at fault.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Checks the payload of an event. Those of types that Atoms does not define are never at fault.
///
/// # Errors
/// [`InvalidPayload`] with the first field that is missing or has a wrong value.
pub fn check_payload(event_type: &str, data: &RawValue) -> Result<(), InvalidPayload> {
    let Some(known) = known_type(event_type) else {
        return Ok(());
    };
    if known.fields.is_empty() {
        return Ok(());
    }
    let fields: Map<String, Value> =
        serde_json::from_str(data.get()).map_err(|_| invalid("data", "it is a JSON object"))?;
    check_fields(&fields, known.fields, "")
}

fn check_fields(
    object: &Map<String, Value>,
    fields: &[KnownField],
    path: &str,
) -> Result<(), InvalidPayload> {
    for field in fields {
        let path = match path {
            "" => field.name.to_owned(),
            path => format!("{path}.{}", field.name),
        };
        // Clients of Atoms write optional fields as `null`.
        match object.get(field.name).filter(|value| !value.is_null()) {
            Some(value) => check_value(value, field.kind, &path)?,
            None if field.required => return Err(invalid(&path, "the field is missing")),
            None => {}
        }
    }
    Ok(())
}

fn check_value(value: &Value, kind: FieldKind, path: &str) -> Result<(), InvalidPayload> {
    match (kind, value) {
        (FieldKind::Text, Value::String(_)) | (FieldKind::Bool, Value::Bool(_)) => Ok(()),
        (FieldKind::Text, _) => Err(invalid(path, "it is a text")),
        (FieldKind::Bool, _) => Err(invalid(path, "it is true or false")),
        (FieldKind::OneOf(values), Value::String(text)) if values.contains(&text.as_str()) => {
            Ok(())
        }
        (FieldKind::OneOf(values), _) => Err(invalid(
            path,
            &format!("it is one of {}", values.join(", ")),
        )),
        (FieldKind::Object(fields), Value::Object(object)) => check_fields(object, fields, path),
        (FieldKind::Object(_), _) => Err(invalid(path, "it is an object")),
        (FieldKind::List(fields), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                let path = format!("{path}[{index}]");
                check_value(item, FieldKind::Object(fields), &path)?;
            }
            Ok(())
        }
        (FieldKind::List(_), _) => Err(invalid(path, "it is a list")),
    }
}

fn invalid(field: &str, reason: &str) -> InvalidPayload {
    InvalidPayload {
        field: field.to_owned(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(event_type: &str, data: &Value) -> Option<String> {
        let data = serde_json::value::to_raw_value(data).unwrap();
        check_payload(event_type, &data)
            .err()
            .map(|fault| fault.field)
    }

    #[test]
    fn a_payload_holds_what_its_type_promises() {
        let context = json!({"initial_variables": {}, "conversation_type": "chat"});
        let init =
            json!({"version": "1", "session_context": context, "output_agent_settings": null});
        let fax = json!({"initial_variables": {}, "conversation_type": "fax"});
        let transfer =
            json!({"transfer_call_number": "1", "transfer_options": {"type": "cold_transfer"}});
        let odd_transfer = json!({"transfer_call_number": "1", "transfer_options": {"type": "x"}});
        let table = [
            ("system.init", init, None),
            (
                "system.init",
                json!({"version": "1"}),
                Some("session_context"),
            ),
            (
                "system.init",
                json!({"version": "1", "session_context": fax}),
                Some("session_context.conversation_type"),
            ),
            ("system.user.joined", json!({"more": 1}), None),
            ("system.llm.request", json!({}), None),
            (
                "system.llm.request",
                json!({"messages": [{"content": 1}]}),
                Some("messages[0].role"),
            ),
            (
                "system.llm.request",
                json!({"messages": 1}),
                Some("messages"),
            ),
            (
                "agent.transcript.update",
                json!({"role": "user"}),
                Some("content"),
            ),
            (
                "agent.transcript.update",
                json!({"role": "system", "content": "x"}),
                Some("role"),
            ),
            ("agent.transfer_call", transfer, None),
            (
                "agent.transfer_call",
                odd_transfer,
                Some("transfer_options.type"),
            ),
            (
                "agent.error",
                json!({"message": "m", "severity": "bad"}),
                Some("severity"),
            ),
            ("agent.speak", json!([]), Some("data")),
            // Other types are not looked at.
            ("agent.unheard_of", json!(1), None),
            ("escalation_event", json!({}), None),
        ];
        for (event_type, data, expected) in table {
            assert_eq!(
                fault(event_type, &data).as_deref(),
                expected,
                "{event_type} {data}"
            );
        }
    }
}
