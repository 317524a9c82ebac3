use super::*;

/// A variable that cargo sets for every test.
const VARIABLE: &str = "CARGO_PKG_NAME";

fn llm(base_url: &str) -> Llm {
    let json = serde_json::json!({"provider": "openai", "model": "m", "base_url": base_url});
    serde_json::from_value(json).unwrap()
}

fn endpoints(unlisted: UnlistedEndpoints) -> Endpoints {
    Endpoints::new(&LlmConfig {
        endpoints: vec![Endpoint {
            base_url: "https://models.example/v1".into(),
            key_variable: Some(VARIABLE.into()),
        }],
        unlisted,
        ..Default::default()
    })
    .unwrap()
}

fn code(result: Result<Destination, Error>) -> String {
    match result {
        Err(Error::Failed { code, .. }) => code,
        other => format!("{other:?}"),
    }
}

#[test]
fn a_key_is_sent_to_the_listed_address_only() {
    let endpoints = endpoints(UnlistedEndpoints::Any);
    for same in [
        "https://models.example/v1",
        "https://MODELS.example:443/v1/",
    ] {
        assert_eq!(
            endpoints.resolve(&llm(same)).unwrap().key,
            Secret::from_variable(VARIABLE)
        );
    }
    for other in [
        "http://models.example/v1",
        "https://models.example/",
        "https://models.example/v1/../v2",
        "https://models.example.evil/v1",
        "https://models.example:444/v1",
        "https://api.openai.com.evil/v1",
        "http://api.openai.com/v1",
    ] {
        assert_eq!(endpoints.resolve(&llm(other)).unwrap().key, None, "{other}");
    }
}

#[test]
fn an_unlisted_address_is_rejected_unless_it_is_loopback() {
    let endpoints = endpoints(UnlistedEndpoints::Loopback);
    for remote in [
        "http://10.0.0.1/v1",
        "http://169.254.169.254/",
        "http://localhost.evil/",
    ] {
        assert_eq!(
            code(endpoints.resolve(&llm(remote))),
            "endpoint_not_allowed",
            "{remote}"
        );
    }
    for local in [
        "http://localhost:1/v1",
        "http://127.0.0.2:1",
        "http://[::1]:1/v1",
    ] {
        let destination = endpoints.resolve(&llm(local)).unwrap();
        assert!(
            destination.is_loopback && destination.key.is_none(),
            "{local}"
        );
    }
    let strict = self::endpoints(UnlistedEndpoints::Refuse);
    assert_eq!(
        code(strict.resolve(&llm("http://localhost:1/v1"))),
        "endpoint_not_allowed"
    );
}

#[test]
fn what_could_change_the_request_is_rejected() {
    let endpoints = endpoints(UnlistedEndpoints::Any);
    for bad in [
        "http://127.0.0.1:1/quit?",
        "http://127.0.0.1:1/#",
        "http://a:b@127.0.0.1:1/",
        "file:///etc/passwd",
        "nonsense",
    ] {
        assert_eq!(
            code(endpoints.resolve(&llm(bad))),
            "endpoint_not_allowed",
            "{bad}"
        );
    }
    for bad in ["", "../../quit?x", "a b", "a?b"] {
        let mut llm = llm("http://127.0.0.1:1/");
        llm.model = bad.to_owned();
        assert_eq!(code(endpoints.resolve(&llm)), "model_refused", "{bad}");
    }
}

#[test]
fn a_listed_address_without_its_key_stops_the_worker() {
    let config = LlmConfig {
        endpoints: vec![Endpoint {
            base_url: "https://models.example/v1".into(),
            key_variable: Some("MANYWORLDS_TEST_NO_SUCH_KEY".into()),
        }],
        ..Default::default()
    };
    let error = Endpoints::new(&config).err().unwrap();
    assert!(
        error.to_string().contains("MANYWORLDS_TEST_NO_SUCH_KEY"),
        "{error}"
    );
}
