use super::*;

/// A variable that cargo sets for every test.
const VARIABLE: &str = "CARGO_PKG_NAME";

fn url(url: &str) -> AllowedServer {
    AllowedServer {
        url: Some(url.to_owned()),
        ..AllowedServer::default()
    }
}

fn command(command: &str, args: &[&str]) -> AllowedServer {
    AllowedServer {
        command: Some(command.to_owned()),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        ..AllowedServer::default()
    }
}

fn http(url: &str) -> McpServer {
    McpServer::Http {
        url: url.to_owned(),
    }
}

fn stdio(command: &str, args: &[&str]) -> McpServer {
    McpServer::Stdio {
        command: command.to_owned(),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
    }
}

fn is_allowed(allowed: &AllowedServer, server: &McpServer) -> bool {
    let allowlist = Allowlist::new(std::slice::from_ref(allowed)).unwrap();
    allowlist.permit(server).is_some()
}

#[test]
fn an_address_is_compared_by_its_parts() {
    for (allowed, wanted, expected) in [
        ("https://a.b/mcp", "https://a.b/mcp", true),
        ("https://a.b/mcp", "https://A.B:443/mcp", true),
        ("https://a.b/mcp", "https://a.b/mcp/", false),
        ("https://a.b/mcp", "https://a.b/mcp?key=1", false),
        ("https://a.b/mcp?key=1", "https://a.b/mcp?key=1", true),
        ("https://a.b/mcp", "http://a.b/mcp", false),
        ("https://a.b/mcp", "https://u:p@a.b/mcp", false),
        ("https://a.b*", "https://a.b/anything?x", true),
        ("https://a.b*", "https://a.b.evil/", false),
        ("https://a.b*", "https://a.b:444/", false),
        ("https://a.b*", "https://a.b@evil/", false),
        ("https://a.b/team/*", "https://a.b/team/one", true),
        ("https://a.b/team/*", "https://a.b/other", false),
        ("https://a.b/team/*", "https://a.b/team/../other", false),
        ("https://a.b/team/*", "https://a.b/team/%2e%2e/other", false),
        ("https://a.b/team/*", "https://a.b/team/..%2fother", false),
        ("https://a.b/*", "nonsense", false),
    ] {
        let is_allowed = is_allowed(&url(allowed), &http(wanted));
        assert_eq!(is_allowed, expected, "{allowed} {wanted}");
    }
}

#[test]
fn a_program_is_compared_with_its_arguments() {
    let exact = command("npx", &["-y", "tools"]);
    let any = AllowedServer {
        any_args: true,
        ..command("npx", &[])
    };
    for (allowed, wanted, expected) in [
        (&exact, stdio("npx", &["-y", "tools"]), true),
        (&exact, stdio("npx", &["-y"]), false),
        (&exact, stdio("npx", &["-y", "tools", "more"]), false),
        (&exact, stdio("/evil/npx", &["-y", "tools"]), false),
        (&any, stdio("npx", &["what", "ever"]), true),
        (&any, stdio("sh", &[]), false),
        (&any, http("https://a.b/"), false),
    ] {
        assert_eq!(is_allowed(allowed, &wanted), expected, "{wanted:?}");
    }
}

#[test]
fn secrets_are_read_at_the_start() {
    let allowed = [
        AllowedServer {
            bearer_variable: Some(VARIABLE.to_owned()),
            ..url("https://a.b/mcp")
        },
        AllowedServer {
            variables: vec![VARIABLE.to_owned(), "PATH".to_owned()],
            ..command("tools", &[])
        },
    ];
    let allowlist = Allowlist::new(&allowed).unwrap();
    let Some(Route::Http { key, .. }) = allowlist
        .permit(&http("https://a.b/mcp"))
        .map(|permit| permit.route)
    else {
        panic!("it is allowed");
    };
    assert_eq!(key, Secret::from_variable(VARIABLE));
    let Some(Route::ChildProcess {
        variables, secrets, ..
    }) = allowlist
        .permit(&stdio("tools", &[]))
        .map(|permit| permit.route)
    else {
        panic!("it is allowed");
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = path.to_string_lossy();
    let redacted = secrets.redact(&format!("agent-worker is in {path}"));
    assert_eq!(redacted, format!("[key] is in {path}"));
    let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&VARIABLE) && !names.contains(&"CARGO_MANIFEST_DIR"));
}

#[test]
fn an_invalid_entry_stops_the_worker() {
    let missing = || "MANYWORLDS_TEST_NO_SUCH_KEY".to_owned();
    for (allowed, expected) in [
        (AllowedServer::default(), "either `command` or `url`"),
        (
            AllowedServer {
                command: Some("tools".into()),
                ..url("https://a.b/")
            },
            "either `command` or `url`",
        ),
        (command("", &[]), "`command` is empty"),
        (
            AllowedServer {
                any_args: true,
                ..command("tools", &["x"])
            },
            "either `args` or `any_args`",
        ),
        (url("file:///etc/passwd"), "is not http or https"),
        (url("https://u:p@a.b/"), "has a user"),
        (url("https://a.b/?x=*"), "a query can't end in `*`"),
        (
            AllowedServer {
                bearer_variable: Some(missing()),
                ..url("https://a.b/")
            },
            "MANYWORLDS_TEST_NO_SUCH_KEY is not set",
        ),
        (
            AllowedServer {
                variables: vec![missing()],
                ..command("tools", &[])
            },
            "MANYWORLDS_TEST_NO_SUCH_KEY is not set",
        ),
    ] {
        let error = format!("{:#}", Allowlist::new(&[allowed]).err().unwrap());
        assert!(error.starts_with("mcp.allow: entry 1"), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}
