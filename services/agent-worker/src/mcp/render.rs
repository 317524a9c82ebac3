//! What came of a call, as a model is told.

use contract::tool::ToolResult;
use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};
use serde_json::Value;

use super::secrets::Secrets;

/// As much text as a model is told of one call, in bytes.
const TEXT_BYTES_MAX: usize = 64 << 10;
/// And as much as JSON, where a letter may take six: the world takes no larger result.
const JSON_BYTES_MAX: usize = 192 << 10;

/// A call that failed, or was not made.
pub(crate) fn failed(text: impl Into<String>) -> ToolResult {
    ToolResult {
        text: bounded(text.into()),
        failed: true,
    }
}

/// The text of a result without what is secret; what is no text is only named.
pub(super) fn result(result: &CallToolResult, secrets: &Secrets) -> ToolResult {
    let has_text = result.content.iter().any(is_text);
    let structured = result.structured_content.as_ref();
    let structured = structured.filter(|_| !has_text).map(Value::to_string);
    let lines = structured
        .into_iter()
        .chain(result.content.iter().map(block));
    ToolResult {
        text: bounded(secrets.removed_from(&lines.collect::<Vec<_>>().join("\n"))),
        failed: result.is_error.unwrap_or_default(),
    }
}

fn is_text(block: &ContentBlock) -> bool {
    matches!(
        block,
        ContentBlock::Text(_) | ContentBlock::Resource(_)
            if !matches!(block, ContentBlock::Resource(it) if is_blob(&it.resource))
    )
}

fn is_blob(resource: &ResourceContents) -> bool {
    matches!(resource, ResourceContents::BlobResourceContents { .. })
}

fn block(block: &ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Image(image) => note("image", &image.mime_type, &image.data),
        ContentBlock::Audio(audio) => note("audio", &audio.mime_type, &audio.data),
        ContentBlock::Resource(embedded) => resource(&embedded.resource),
        ContentBlock::ResourceLink(link) => format!("[resource: {} <{}>]", link.name, link.uri),
        _ => "[something that is no text]".to_owned(),
    }
}

fn resource(resource: &ResourceContents) -> String {
    match resource {
        ResourceContents::TextResourceContents { text, .. } => text.clone(),
        ResourceContents::BlobResourceContents {
            mime_type, blob, ..
        } => {
            let mime = mime_type.as_deref().unwrap_or("application/octet-stream");
            note("resource", mime, blob)
        }
        _ => "[a resource that is no text]".to_owned(),
    }
}

fn note(kind: &str, mime: &str, base64: &str) -> String {
    let padding = base64
        .bytes()
        .rev()
        .take_while(|byte| *byte == b'=')
        .count();
    let bytes = (base64.len() / 4 * 3).saturating_sub(padding);
    format!("[{kind}, {mime}, {bytes} bytes]")
}

/// The beginning of a text that is too long, and how long it was.
fn bounded(mut text: String) -> String {
    let whole = text.len();
    let mut limit = TEXT_BYTES_MAX;
    text.truncate(text.floor_char_boundary(limit));
    while json_bytes(&text) > JSON_BYTES_MAX {
        limit /= 2;
        text.truncate(text.floor_char_boundary(limit));
    }
    if text.len() < whole {
        text.push_str(&format!("\n[cut: it had {whole} bytes]"));
    }
    text
}

fn json_bytes(text: &str) -> usize {
    serde_json::to_string(text).map_or(usize::MAX, |json| json.len())
}

#[cfg(test)]
mod tests {
    use rmcp::model::Resource;
    use serde_json::json;

    use super::*;

    fn result(result: &CallToolResult) -> ToolResult {
        super::result(result, &Secrets::default())
    }

    fn text(content: Vec<ContentBlock>) -> String {
        result(&CallToolResult::success(content)).text
    }

    #[test]
    fn text_is_joined_and_the_rest_is_named() {
        let blob = ResourceContents::blob("aGVsbG8=", "test://blob");
        let page = ResourceContents::text("page", "test://page");
        let content = vec![
            ContentBlock::text("one"),
            ContentBlock::image("aGVsbG8=", "image/png"),
            ContentBlock::audio("aGVsbG8h", "audio/wav"),
            ContentBlock::resource(blob),
            ContentBlock::resource(page),
            ContentBlock::resource_link(Resource::new("test://x", "x")),
        ];
        assert_eq!(
            text(content),
            "one\n[image, image/png, 5 bytes]\n[audio, audio/wav, 6 bytes]\n\
             [resource, application/octet-stream, 5 bytes]\npage\n[resource: x <test://x>]"
        );
    }

    #[test]
    fn structured_content_stands_in_for_text() {
        let mut structured = CallToolResult::structured(json!({"a": 1}));
        structured.content.clear();
        assert_eq!(result(&structured).text, r#"{"a":1}"#);
        structured.content = vec![ContentBlock::image("aGVsbG8=", "image/png")];
        let both = "{\"a\":1}\n[image, image/png, 5 bytes]";
        assert_eq!(result(&structured).text, both);
        structured.content = vec![ContentBlock::text("one")];
        assert_eq!(result(&structured).text, "one");
    }

    #[test]
    fn an_error_is_a_failed_call() {
        let error = CallToolResult::error(vec![ContentBlock::text("no")]);
        assert_eq!(result(&error), failed("no"));
        assert_eq!(text(Vec::new()), "");
    }

    #[test]
    fn a_long_text_is_cut() {
        let cut = text(vec![ContentBlock::text("ä".repeat(40_000))]);
        assert!(cut.starts_with("ää") && cut.ends_with("ä\n[cut: it had 80000 bytes]"));
        assert!(cut.len() < TEXT_BYTES_MAX + 100);
        let cut = text(vec![ContentBlock::text("\u{1}".repeat(60_000))]);
        assert!(json_bytes(&cut) < JSON_BYTES_MAX + 100 && cut.len() > 1000);
        let kept = "x".repeat(TEXT_BYTES_MAX);
        assert_eq!(text(vec![ContentBlock::text(&kept)]), kept);
    }
}
