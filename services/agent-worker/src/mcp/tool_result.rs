//! Converts the result of a tool call for a model.

use contract::tool::ToolResult;
use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};
use serde_json::Value;

use super::secrets::Secrets;

/// The maximum size of the text of one result.
const TEXT_BYTES_MAX: usize = 64 << 10;
/// The maximum size of the text as JSON, where a character may take six bytes: a world accepts no
/// larger result.
const JSON_BYTES_MAX: usize = 192 << 10;

/// The result of a call that failed, or was not made.
pub(crate) fn failed_result(text: impl Into<String>) -> ToolResult {
    ToolResult {
        text: limit_size(text.into()),
        failed: true,
    }
}

/// Converts a result: the text without secrets; other content is described by its type and size.
pub(super) fn convert_result(result: &CallToolResult, secrets: &Secrets) -> ToolResult {
    let has_text = result.content.iter().any(is_text);
    let structured = result.structured_content.as_ref();
    let structured = structured.filter(|_| !has_text).map(Value::to_string);
    let lines = structured
        .into_iter()
        .chain(result.content.iter().map(block_text));
    ToolResult {
        text: limit_size(secrets.redact(&lines.collect::<Vec<_>>().join("\n"))),
        failed: result.is_error.unwrap_or_default(),
    }
}

fn is_text(block: &ContentBlock) -> bool {
    matches!(
        block,
        ContentBlock::Text(_) | ContentBlock::Resource(_)
            if !matches!(block, ContentBlock::Resource(embedded) if is_blob(&embedded.resource))
    )
}

fn is_blob(resource: &ResourceContents) -> bool {
    matches!(resource, ResourceContents::BlobResourceContents { .. })
}

fn block_text(block: &ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Image(image) => describe_blob("image", &image.mime_type, &image.data),
        ContentBlock::Audio(audio) => describe_blob("audio", &audio.mime_type, &audio.data),
        ContentBlock::Resource(embedded) => resource_text(&embedded.resource),
        ContentBlock::ResourceLink(link) => format!("[resource: {} <{}>]", link.name, link.uri),
        _ => "[something that is no text]".to_owned(),
    }
}

fn resource_text(resource: &ResourceContents) -> String {
    match resource {
        ResourceContents::TextResourceContents { text, .. } => text.clone(),
        ResourceContents::BlobResourceContents {
            mime_type, blob, ..
        } => {
            let mime = mime_type.as_deref().unwrap_or("application/octet-stream");
            describe_blob("resource", mime, blob)
        }
        _ => "[a resource that is no text]".to_owned(),
    }
}

fn describe_blob(kind: &str, mime: &str, base64: &str) -> String {
    let padding = base64
        .bytes()
        .rev()
        .take_while(|byte| *byte == b'=')
        .count();
    let bytes = (base64.len() / 4 * 3).saturating_sub(padding);
    format!("[{kind}, {mime}, {bytes} bytes]")
}

/// Truncates a text that is too long, and adds its original size.
fn limit_size(mut text: String) -> String {
    let original = text.len();
    let mut limit = TEXT_BYTES_MAX;
    text.truncate(text.floor_char_boundary(limit));
    while json_bytes(&text) > JSON_BYTES_MAX {
        limit /= 2;
        text.truncate(text.floor_char_boundary(limit));
    }
    if text.len() < original {
        text.push_str(&format!("\n[cut: it had {original} bytes]"));
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
        convert_result(result, &Secrets::default())
    }

    fn text(content: Vec<ContentBlock>) -> String {
        result(&CallToolResult::success(content)).text
    }

    #[test]
    fn text_is_joined_and_other_content_is_described() {
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
    fn structured_content_replaces_missing_text() {
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
        assert_eq!(result(&error), failed_result("no"));
        assert_eq!(text(Vec::new()), "");
    }

    #[test]
    fn a_long_text_is_truncated() {
        let cut = text(vec![ContentBlock::text("ä".repeat(40_000))]);
        assert!(cut.starts_with("ää") && cut.ends_with("ä\n[cut: it had 80000 bytes]"));
        assert!(cut.len() < TEXT_BYTES_MAX + 100);
        let cut = text(vec![ContentBlock::text("\u{1}".repeat(60_000))]);
        assert!(json_bytes(&cut) < JSON_BYTES_MAX + 100 && cut.len() > 1000);
        let kept = "x".repeat(TEXT_BYTES_MAX);
        assert_eq!(text(vec![ContentBlock::text(&kept)]), kept);
    }
}
