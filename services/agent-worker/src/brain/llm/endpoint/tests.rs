use super::*;
use crate::config::{Addresses, AzureAddress, Endpoint, UnlistedEndpoints};
use crate::secret::Secret;

/// A variable that cargo sets for every test.
const VARIABLE: &str = "CARGO_PKG_NAME";

fn llm(base_url: &str) -> Llm {
    let json = serde_json::json!({"provider": "openai", "model": "m", "base_url": base_url});
    serde_json::from_value(json).unwrap()
}

fn endpoints(unlisted: UnlistedEndpoints) -> Endpoints {
    let config = LlmConfig {
        endpoints: vec![Endpoint {
            base_url: "https://models.example/v1".into(),
            key_variable: Some(VARIABLE.into()),
        }],
        unlisted,
        ..Default::default()
    };
    Endpoints::with_environment(&config, |_| None).unwrap()
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
    // Where the name is a part of the path.
    for provider in [Provider::Gemini, Provider::Azure] {
        for bad in ["", "../../quit?x", "a b", "a?b"] {
            let mut llm = llm("http://127.0.0.1:1/");
            (llm.provider, llm.model) = (provider, bad.to_owned());
            assert_eq!(code(endpoints.resolve(&llm)), "model_refused", "{bad}");
        }
    }
    let mut llm = llm("http://127.0.0.1:1/");
    llm.model = "llama 3 (q4)".to_owned();
    assert!(endpoints.resolve(&llm).is_ok());
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

/// A model of a provider, without an address.
fn of(provider: &str) -> Llm {
    serde_json::from_value(serde_json::json!({"provider": provider, "model": "m"})).unwrap()
}

/// The address of requests, and the key, with these environment variables.
fn resolved(
    addresses: Addresses,
    variables: &[(&str, &str)],
    llm: &Llm,
) -> Result<(String, Option<String>), Error> {
    let config = LlmConfig {
        addresses,
        ..Default::default()
    };
    let variable = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let endpoints = Endpoints::with_environment(&config, variable).unwrap();
    let endpoint = endpoints.resolve(llm)?.endpoint;
    let query = endpoint.query.map(|query| format!("?{query}"));
    let url = format!("{}{}", endpoint.base_url, query.unwrap_or_default());
    Ok((url, endpoint.key))
}

#[test]
fn a_provider_without_an_address_is_refused() {
    for provider in ["azure", "openai_compatible", "openai-compatible"] {
        let keys = [("AZURE_OPENAI_API_KEY", "k"), ("OPENAI_API_KEY", "k")];
        let error = resolved(Addresses::default(), &keys, &of(provider)).unwrap_err();
        let Error::Failed { code, reason } = error else {
            panic!("{error:?}");
        };
        assert_eq!(code, "endpoint_missing");
        assert!(reason.contains("has no address"), "{reason}");
    }
}

#[test]
fn an_address_is_that_of_the_configuration_or_the_environment() {
    for (provider, url, key, own) in [
        (
            "openai",
            "OPENAI_BASE_URL",
            "OPENAI_API_KEY",
            Some("https://api.openai.com/v1/"),
        ),
        (
            "openai_compatible",
            "OPENAI_COMPATIBLE_BASE_URL",
            "OPENAI_COMPATIBLE_API_KEY",
            None,
        ),
        (
            "xai",
            "XAI_BASE_URL",
            "XAI_API_KEY",
            Some("https://api.x.ai/v1/"),
        ),
        (
            "anthropic",
            "ANTHROPIC_BASE_URL",
            "ANTHROPIC_API_KEY",
            Some("https://api.anthropic.com/v1/"),
        ),
        (
            "ollama",
            "OLLAMA_BASE_URL",
            "OLLAMA_API_KEY",
            Some("http://localhost:11434/"),
        ),
    ] {
        let variables = [(url, "http://models.example/x"), (key, "k")];
        let found = resolved(Addresses::default(), &variables, &of(provider)).unwrap();
        let expected = ("http://models.example/x/".to_owned(), Some("k".to_owned()));
        assert_eq!(found, expected, "{provider}");
        if let Some(own) = own {
            let found = resolved(Addresses::default(), &variables[1..], &of(provider)).unwrap();
            assert_eq!(found, (own.to_owned(), Some("k".to_owned())), "{provider}");
        }
    }
    let addresses = Addresses {
        openai: Some("http://configured.example".to_owned()),
        ..Addresses::default()
    };
    let variables = [("OPENAI_BASE_URL", "http://other.example")];
    let found = resolved(addresses, &variables, &of("openai")).unwrap();
    assert_eq!(found, ("http://configured.example/".to_owned(), None));
    let error = resolved(Addresses::default(), &[], &of("xai")).unwrap_err();
    assert!(
        format!("{error:?}").contains("model_key_missing"),
        "{error:?}"
    );
}

#[test]
fn azure_has_deployments_with_a_version_or_one_address_for_all() {
    let key = ("AZURE_OPENAI_API_KEY", "k");
    let name = ("AZURE_OPENAI_RESOURCE_NAME", "me");
    let version = ("AZURE_OPENAI_API_VERSION", "2024-10-21");
    let deployment = ("AZURE_OPENAI_DEPLOYMENT", "d");
    let own = "https://me.openai.azure.com/openai";
    for (variables, expected) in [
        (vec![key, name], format!("{own}/v1/")),
        (
            vec![key, name, version],
            format!("{own}/deployments/m/?api-version=2024-10-21"),
        ),
        (
            vec![key, name, version, deployment],
            format!("{own}/deployments/d/?api-version=2024-10-21"),
        ),
        (
            vec![key, ("AZURE_OPENAI_ENDPOINT", "https://other.example/")],
            "https://other.example/openai/v1/".to_owned(),
        ),
    ] {
        let found = resolved(Addresses::default(), &variables, &of("azure")).unwrap();
        assert_eq!(found, (expected, Some("k".to_owned())));
    }
    let addresses = Addresses {
        azure: AzureAddress {
            endpoint: Some("https://a.example/openai/v1".to_owned()),
            ..AzureAddress::default()
        },
        ..Addresses::default()
    };
    let (url, _) = resolved(addresses, &[key], &of("azure")).unwrap();
    assert_eq!(url, "https://a.example/openai/v1/");
}

#[test]
fn an_address_of_ollama_may_have_the_path_of_a_protocol() {
    for (url, protocol, expected) in [
        (
            "http://localhost:1",
            Protocol::Ollama,
            "http://localhost:1/",
        ),
        (
            "http://localhost:1/api",
            Protocol::Ollama,
            "http://localhost:1/",
        ),
        (
            "http://localhost:1/v1",
            Protocol::OpenAi,
            "http://localhost:1/v1/",
        ),
    ] {
        let mut llm = of("ollama");
        llm.base_url = Some(url.to_owned());
        let endpoint = endpoints(UnlistedEndpoints::Loopback)
            .resolve(&llm)
            .unwrap()
            .endpoint;
        assert_eq!(
            (endpoint.protocol, endpoint.base_url.as_str()),
            (protocol, expected)
        );
    }
}
