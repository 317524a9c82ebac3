//! What browsers may do with the page.

use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue};

/// Code, styles and data come from this gateway only, nothing is written into the page as code, and no other page has
/// it in a frame.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                              connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; \
                              frame-ancestors 'none'";

/// The headers of every response.
pub(crate) fn headers() -> [(HeaderName, HeaderValue); 5] {
    let headers = [
        (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        // A file is what its media type is, whatever it looks like.
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Addresses of the page name worlds: other sites do not get them.
        (REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    headers.map(|(name, value)| (name, HeaderValue::from_static(value)))
}
