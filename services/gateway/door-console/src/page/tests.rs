use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_SECURITY_POLICY};
use tower::ServiceExt as _;

use super::*;

static BUILT: &[Asset] = &[
    Asset {
        path: "assets/app-1a2b.js",
        media_type: "text/javascript; charset=utf-8",
        etag: "abc",
        identity: b"as it is",
        gzip: Some(b"in gzip"),
        brotli: Some(b"in br"),
    },
    Asset {
        path: "assets/icon-3c4d.png",
        media_type: "image/png",
        etag: "def",
        identity: b"picture",
        gzip: None,
        brotli: None,
    },
    Asset {
        path: "index.html",
        media_type: "text/html; charset=utf-8",
        etag: "012",
        identity: b"<!doctype html>",
        gzip: None,
        brotli: None,
    },
];

/// A response: its status, its headers, and its body.
async fn request(
    assets: &'static [Asset],
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> (u16, HeaderMap, String) {
    let request = headers.iter().fold(
        Request::builder().method(method).uri(path),
        |request, (name, value)| request.header(*name, *value),
    );
    let request = request.body(Body::empty()).unwrap();
    let response = routes_of(assets).oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let body = String::from_utf8_lossy(&body).into_owned();
    (head.status.as_u16(), head.headers, body)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_file_is_sent_in_the_encoding_that_the_client_accepts() {
    let path = "/assets/app-1a2b.js";
    for (accepted, body, coding, tag) in [
        ("gzip, br", "in br", Some("br"), "\"abc-br\""),
        ("gzip", "in gzip", Some("gzip"), "\"abc-gzip\""),
        ("identity", "as it is", None, "\"abc\""),
    ] {
        let accept = [("accept-encoding", accepted)];
        let (status, headers, got) = request(BUILT, "GET", path, &accept).await;
        assert_eq!((status, &*got), (200, body), "{accepted}");
        assert_eq!(text(&headers, CONTENT_ENCODING), coding, "{accepted}");
        assert_eq!(text(&headers, ETAG), Some(tag), "{accepted}");
        assert_eq!(text(&headers, VARY), Some("accept-encoding"));
        assert_eq!(
            text(&headers, CONTENT_TYPE),
            Some("text/javascript; charset=utf-8")
        );
    }
}

#[tokio::test]
async fn only_files_with_a_hash_in_their_name_are_kept_for_ever() {
    let (_, headers, _) = request(BUILT, "GET", "/", &[]).await;
    assert_eq!(text(&headers, CACHE_CONTROL), Some("no-cache"));
    let (_, headers, _) = request(BUILT, "GET", "/assets/icon-3c4d.png", &[]).await;
    let kept = text(&headers, CACHE_CONTROL).unwrap();
    assert!(kept.contains("immutable"), "{kept}");
}

#[tokio::test]
async fn what_a_browser_has_is_not_sent_again() {
    let path = "/assets/app-1a2b.js";
    for (known, status) in [
        ("\"abc-gzip\"", 304),
        ("W/\"abc-gzip\"", 304),
        ("\"other\", \"abc-gzip\"", 304),
        ("*", 304),
        // Another representation of the same file.
        ("\"abc\"", 200),
        ("\"abc-br\"", 200),
        ("abc-gzip", 200),
    ] {
        let headers = [("accept-encoding", "gzip"), ("if-none-match", known)];
        let (got, headers, body) = request(BUILT, "GET", path, &headers).await;
        assert_eq!(got, status, "{known}");
        assert_eq!(body.is_empty(), status == 304, "{known}");
        assert_eq!(text(&headers, ETAG), Some("\"abc-gzip\""), "{known}");
        assert!(headers.contains_key(VARY) && headers.contains_key(CACHE_CONTROL));
    }
}

#[tokio::test]
async fn a_head_request_is_answered_without_a_body() {
    let accept = [("accept-encoding", "br")];
    let (status, headers, body) = request(BUILT, "HEAD", "/assets/app-1a2b.js", &accept).await;
    assert_eq!((status, &*body), (200, ""));
    assert_eq!(text(&headers, CONTENT_LENGTH), Some("5"));
    assert_eq!(text(&headers, CONTENT_ENCODING), Some("br"));
}

#[tokio::test]
async fn browsers_run_no_code_that_is_not_of_the_console() {
    for path in ["/", "/assets/app-1a2b.js"] {
        let (_, headers, _) = request(BUILT, "GET", path, &[]).await;
        let policy = text(&headers, CONTENT_SECURITY_POLICY).unwrap();
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        let nosniff = HeaderName::from_static("x-content-type-options");
        assert_eq!(text(&headers, nosniff), Some("nosniff"));
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_a_problem() {
    for path in [
        "/assets/app-0000.js",
        "/assets/../index.html",
        "/assets/index.html",
    ] {
        let (status, headers, body) = request(BUILT, "GET", path, &[]).await;
        assert_eq!(status, 404, "{path}");
        assert!(body.contains("unknown_route"), "{body}");
        assert_eq!(text(&headers, CACHE_CONTROL), None);
    }
    assert_eq!(request(BUILT, "POST", "/", &[]).await.0, 405);
}

#[tokio::test]
async fn the_embedded_page_is_complete_in_each_encoding() {
    let (status, headers, page) = request(ASSETS, "GET", "/", &[]).await;
    assert_eq!(status, 200);
    assert!(page.contains("<title>"), "{page}");
    assert_eq!(
        text(&headers, CONTENT_LENGTH),
        Some(&*page.len().to_string())
    );
    for asset in ASSETS {
        for encoding in [Encoding::Gzip, Encoding::Brotli] {
            if let Some(bytes) = asset.bytes(encoding) {
                assert!(bytes.len() < asset.identity.len(), "{asset:?}");
                assert_eq!(decoded(bytes, encoding), asset.identity);
            }
        }
    }
}

fn decoded(bytes: &[u8], encoding: Encoding) -> Vec<u8> {
    let mut decoded = Vec::new();
    let read = match encoding {
        Encoding::Gzip => {
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut decoded)
        }
        Encoding::Brotli => {
            let mut decoder = brotli::Decompressor::new(bytes, 4096);
            std::io::Read::read_to_end(&mut decoder, &mut decoded)
        }
        Encoding::Identity => return bytes.to_vec(),
    };
    read.unwrap();
    decoded
}
