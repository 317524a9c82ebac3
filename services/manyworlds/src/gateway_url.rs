//! The address of a gateway, as it is typed.

/// Checks the address of a gateway: `http://HOST[:PORT]`, or `https`, with the path of a proxy if there is one.
pub(crate) fn gateway_url(text: &str) -> Result<String, String> {
    let rest = match text.split_once("://") {
        Some(("http" | "https", rest)) => rest,
        Some((scheme, rest)) => {
            return Err(format!("{scheme} is not HTTP: write http://{rest}"));
        }
        None => return Err(format!("the scheme is missing: write http://{text}")),
    };
    let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
    let host_and_port = authority
        .rsplit_once('@')
        .map_or(authority, |(_, rest)| rest);
    let (host, port) = match host_and_port.rsplit_once(':') {
        // The colons of `[::1]` are its own.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (host_and_port, None),
    };
    if host.is_empty() {
        return Err("the host is missing: write http://HOST:PORT".to_owned());
    }
    if text.contains(char::is_whitespace) {
        return Err("an address has no spaces".to_owned());
    }
    if text.contains(['?', '#']) {
        return Err("the address of a gateway has no query and no fragment".to_owned());
    }
    match port.map(str::parse::<u16>) {
        Some(Err(_)) => Err(format!(
            "{} is not a port: a port is a number up to 65535",
            port.unwrap_or_default()
        )),
        Some(Ok(0)) => Err("0 is not a port".to_owned()),
        Some(Ok(_)) | None => Ok(text.trim_end_matches('/').to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_it_is() {
        for text in [
            "http://127.0.0.1:7000",
            "https://worlds.example",
            "http://[::1]:7000",
            "http://[::1]",
            "http://localhost:7000/proxy",
        ] {
            assert_eq!(gateway_url(text).as_deref(), Ok(text));
        }
        assert_eq!(gateway_url("http://a:1/").as_deref(), Ok("http://a:1"));
    }

    #[test]
    fn what_is_wrong_with_an_address_is_named() {
        for (text, expected) in [
            (
                "localhost:7000",
                "the scheme is missing: write http://localhost:7000",
            ),
            ("127.0.0.1", "the scheme is missing"),
            ("", "the scheme is missing"),
            ("ftp://a", "ftp is not HTTP: write http://a"),
            ("http://", "the host is missing"),
            ("http://:7000", "the host is missing"),
            ("http://a:port", "port is not a port"),
            ("http://a:70000", "70000 is not a port"),
            ("http://a:0", "0 is not a port"),
            ("http://a b:1", "an address has no spaces"),
            ("http://a?x=1", "the address of a gateway has no query"),
        ] {
            let error = gateway_url(text).unwrap_err();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }
}
