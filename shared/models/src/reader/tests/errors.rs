//! Responses that fail.

use super::{check_error, events, read};
use crate::endpoint::Protocol::{self, Anthropic, Gemini, Ollama, OpenAi};
use crate::error::{ErrorKind, Retry};

const TEXT: &str = r#"{"choices":[{"delta":{"content":"Yes, you may"}}]}"#;

#[test]
fn a_response_that_ends_before_the_model_is_an_error() {
    let anthropic = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Yes\"}}\n\n";
    let gemini = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Yes\"}]}}]}\n\n";
    let ollama = "{\"message\":{\"content\":\"Yes\"},\"done\":false}\n";
    for (protocol, body) in [
        (OpenAi, events(&[TEXT])),
        (
            OpenAi,
            format!("{}data: {{\"choices\":[{{\"de", events(&[TEXT])),
        ),
        (Anthropic, anthropic.to_owned()),
        (Gemini, gemini.to_owned()),
        (Ollama, ollama.to_owned()),
        (Ollama, format!("{ollama}{{\"message\":{{\"con")),
    ] {
        check_error(protocol, &body, ErrorKind::Truncated, "ended before");
    }
    for reason in ["abort", "insufficient_system_resource"] {
        let end = format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"{reason}"}}]}}"#);
        check_error(OpenAi, &events(&[TEXT, &end]), ErrorKind::Truncated, reason);
    }
}

#[test]
fn an_error_in_a_stream_has_the_words_of_the_server() {
    let ollama = "{\"message\":{\"content\":\"Yes, \"},\"done\":false}\n{\"error\":\"an error was encountered\"}\n";
    let gemini = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Yes\"}]}}]}\n\ndata: {\"error\":{\"code\":503,\"message\":\"overloaded\",\"status\":\"UNAVAILABLE\"}}\n\n";
    let anthropic = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    let bare = format!(
        "{}{{\"error\":{{\"message\":\"upstream\"}}}}\n",
        events(&[TEXT])
    );
    let field = format!(
        "{}error: {{\"code\":500,\"message\":\"no slot\",\"type\":\"server_error\"}}\n\ndata: [DONE]\n\n",
        events(&[TEXT])
    );
    let array = format!(
        "{}[{{\"error\":{{\"code\":503,\"message\":\"busy\"}}}}]\n",
        events(&[TEXT])
    );
    for (protocol, body, words) in [
        (OpenAi, field, "no slot"),
        (OpenAi, array, "busy"),
        (
            OpenAi,
            events(&[
                TEXT,
                r#"{"error":{"message":"out of memory","type":"server_error"}}"#,
            ]),
            "out of memory",
        ),
        (
            OpenAi,
            format!(
                "{}event: error\ndata: {{\"message\":\"lost\"}}\n\n",
                events(&[TEXT])
            ),
            "lost",
        ),
        (OpenAi, bare, "upstream"),
        (
            OpenAi,
            r#"{"error":{"message":"no such model"}}"#.to_owned(),
            "no such model",
        ),
        (Anthropic, anthropic.to_owned(), "Overloaded"),
        (Gemini, gemini.to_owned(), "overloaded"),
        (
            Gemini,
            r#"[{"error":{"code":500,"message":"internal"}}]"#.to_owned(),
            "internal",
        ),
        (Ollama, ollama.to_owned(), "an error was encountered"),
    ] {
        check_error(protocol, &body, ErrorKind::Provider, words);
    }
}

#[test]
fn what_is_not_of_the_protocol_is_an_error() {
    let malformed = ErrorKind::Malformed;
    for protocol in [OpenAi, Anthropic, Gemini] {
        check_error(
            protocol,
            "data: {\"choices\": [nonsense\n\n",
            malformed,
            "nonsense",
        );
        check_error(
            protocol,
            "upstream connect error",
            malformed,
            "upstream connect error",
        );
        check_error(protocol, "{}", malformed, "{}");
    }
    check_error(Ollama, "{\"a\":\n", malformed, "{\"a\":");
    check_error(OpenAi, "data: 7\n\n", malformed, "not a completion");
    check_error(OpenAi, "", ErrorKind::Truncated, "ended before");
}

#[test]
fn a_page_for_people_is_not_retried() {
    for protocol in [OpenAi, Anthropic, Gemini, Ollama] as [Protocol; 4] {
        let page = "<!doctype html>\n<title>Welcome</title>";
        let error = read(protocol, [page.as_bytes()]).unwrap_err();
        assert_eq!(
            (error.kind, error.retry),
            (ErrorKind::Malformed, Retry::Never)
        );
        assert!(error.message.contains("Welcome"), "{error}");
    }
}
