//! Content codings, and which of them a client accepts (RFC 9110, section 12.5.3).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;

/// How the bytes of a file are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

/// The smallest first: where a client has no preference, that is sent.
const BY_SIZE: [Encoding; 3] = [Encoding::Brotli, Encoding::Gzip, Encoding::Identity];

impl Encoding {
    /// Its name in headers; none for bytes as they are.
    pub(crate) fn token(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }

    /// The encoding that a client prefers, of those that there are. A client that accepts none of them gets the bytes
    /// as they are.
    pub(crate) fn negotiate(headers: &HeaderMap, is_there: impl Fn(Self) -> bool) -> Self {
        let accepted = Accepted::of(headers);
        let mut best = (0, Self::Identity);
        for encoding in BY_SIZE.into_iter().filter(|it| is_there(*it)) {
            let weight = accepted.weight(encoding);
            if weight > best.0 {
                best = (weight, encoding);
            }
        }
        best.1
    }
}

/// The codings that a client accepts, each with its weight in thousandths.
struct Accepted(Vec<(String, u16)>);

impl Accepted {
    fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(ACCEPT_ENCODING).iter();
        let values = values.filter_map(|value| value.to_str().ok());
        let codings = values.flat_map(|value| value.split(',')).map(parse);
        Self(codings.collect())
    }

    fn weight(&self, encoding: Encoding) -> u16 {
        let name = encoding.token().unwrap_or("identity");
        if let Some(weight) = self.weight_of(name) {
            return weight;
        }
        match encoding {
            // Acceptable unless it is excluded, but anything that is named is preferred to it.
            Encoding::Identity => self.weight_of("*").map_or(1, |weight| weight.min(1)),
            Encoding::Brotli | Encoding::Gzip => self.weight_of("*").unwrap_or(0),
        }
    }

    fn weight_of(&self, name: &str) -> Option<u16> {
        let coding = self.0.iter().find(|(coding, _)| coding == name)?;
        Some(coding.1)
    }
}

/// A coding with its weight: `gzip;q=0.5`.
fn parse(element: &str) -> (String, u16) {
    let mut parts = element.split(';');
    let coding = parts.next().unwrap_or_default().trim();
    let weight = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_weight = name.trim().eq_ignore_ascii_case("q");
        is_weight.then(|| thousandths(value.trim()))
    });
    (coding.to_ascii_lowercase(), weight.unwrap_or(1000))
}

/// A weight of 0 to 1 with up to three decimals. One that is malformed counts as refused.
fn thousandths(weight: &str) -> u16 {
    let parsed: f32 = weight.parse().unwrap_or(0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 0 and 1000"
    )]
    let weight = (parsed.clamp(0.0, 1.0) * 1000.0).round() as u16;
    weight
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn negotiated(accept: Option<&'static str>, there: &[Encoding]) -> Encoding {
        let mut headers = HeaderMap::new();
        if let Some(accept) = accept {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accept));
        }
        Encoding::negotiate(&headers, |encoding| there.contains(&encoding))
    }

    #[test]
    fn a_client_gets_what_it_prefers() {
        use Encoding::{Brotli, Gzip, Identity};
        for (accept, expected) in [
            (None, Identity),
            (Some(""), Identity),
            (Some("gzip, deflate, br, zstd"), Brotli),
            (Some("gzip"), Gzip),
            (Some("GZIP"), Gzip),
            (Some("br;q=0.5, gzip"), Gzip),
            (Some("br ; q=0.5 , gzip;q=0.4"), Brotli),
            (Some("br;q=0, gzip;q=0"), Identity),
            (Some("*"), Brotli),
            (Some("*;q=0.1, br;q=0"), Gzip),
            (Some("identity, gzip;q=0.5"), Identity),
            (Some("deflate"), Identity),
            (Some("gzip;q=x"), Identity),
            (Some("gzip;q=NaN"), Identity),
        ] {
            assert_eq!(negotiated(accept, &BY_SIZE), expected, "{accept:?}");
        }
    }

    #[test]
    fn what_a_file_does_not_have_is_not_sent() {
        use Encoding::{Brotli, Gzip, Identity};
        assert_eq!(negotiated(Some("br, gzip"), &[Identity]), Identity);
        assert_eq!(negotiated(Some("br, gzip"), &[Gzip, Identity]), Gzip);
        // Nothing that there is is acceptable: the bytes are better than no answer.
        assert_eq!(negotiated(Some("identity;q=0"), &[Identity]), Identity);
        assert_eq!(negotiated(Some("*;q=0"), &[Brotli, Identity]), Identity);
    }
}
