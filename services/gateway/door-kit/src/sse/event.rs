//! The text of one server-sent event.

use bytes::Bytes;
use serde::Serialize;

/// One server-sent event with JSON. A payload may hold line breaks where JSON allows them: each line is
/// a field of its own then, and the client joins them again.
pub fn sse_event(id: Option<&str>, name: &str, data: &impl Serialize) -> Bytes {
    let json = serde_json::to_string(data).unwrap_or_default();
    let mut text = String::with_capacity(json.len() + 64);
    if let Some(id) = id {
        text.extend(["id: ", id, "\n"]);
    }
    text.extend(["event: ", name, "\n"]);
    let json = json.replace("\r\n", "\n");
    for line in json.split(['\n', '\r']) {
        text.extend(["data: ", line, "\n"]);
    }
    text.push('\n');
    text.into()
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn a_payload_with_line_breaks_is_one_server_sent_event() {
        let data = RawValue::from_string("{\n \"a\":\r\n1}".to_owned()).unwrap();
        let bytes = sse_event(Some("7.2"), "a.b", &data);
        assert_eq!(
            bytes,
            "id: 7.2\nevent: a.b\ndata: {\ndata:  \"a\":\ndata: 1}\n\n"
        );
    }
}
