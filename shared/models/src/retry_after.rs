//! How long a server requests to wait.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// `retry-after-ms` (OpenAI, Azure), or `Retry-After`: seconds, or an HTTP date (RFC 9110, 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.trim().to_owned());
    let number = |text: &str| text.parse::<f64>().ok();
    if let Some(milliseconds) = text("retry-after-ms").and_then(|text| number(&text)) {
        return Duration::try_from_secs_f64(milliseconds / 1000.0).ok();
    }
    let value = text(RETRY_AFTER.as_str())?;
    if let Some(seconds) = number(&value) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let due = OffsetDateTime::parse(&value, &Rfc2822).ok()?;
    let due = SystemTime::from(due);
    Some(due.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(name: &'static str, value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        retry_after(&headers)
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let name = "retry-after";
        assert_eq!(after(name, "3"), Some(Duration::from_secs(3)));
        assert_eq!(after(name, "0.5"), Some(Duration::from_millis(500)));
        let past = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(after(name, past), Some(Duration::ZERO));
        let later = after(name, "Fri, 31 Dec 2100 23:59:59 GMT").unwrap();
        assert!(later > Duration::from_hours(24));
        assert_eq!((after(name, "soon"), after(name, "-1")), (None, None));
        let milliseconds = after("retry-after-ms", "250");
        assert_eq!(milliseconds, Some(Duration::from_millis(250)));
    }
}
