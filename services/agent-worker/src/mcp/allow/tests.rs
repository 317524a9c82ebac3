use super::*;

/// A variable that cargo sets for every test.
const VARIABLE: &str = "CARGO_PKG_NAME";

fn url(url: &str) -> Allowed {
    Allowed {
        url: Some(url.to_owned()),
        ..Allowed::default()
    }
}

fn command(command: &str, args: &[&str]) -> Allowed {
    Allowed {
        command: Some(command.to_owned()),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        ..Allowed::default()
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

fn fits(allowed: &Allowed, server: &McpServer) -> bool {
    let allow = Allow::new(std::slice::from_ref(allowed)).unwrap();
    allow.grant(server).is_some()
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
        let fits = fits(&url(allowed), &http(wanted));
        assert_eq!(fits, expected, "{allowed} {wanted}");
    }
}

#[test]
fn a_program_is_compared_with_its_arguments() {
    let exact = command("npx", &["-y", "tools"]);
    let any = Allowed {
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
        assert_eq!(fits(allowed, &wanted), expected, "{wanted:?}");
    }
}

#[test]
fn what_is_secret_is_read_at_the_start() {
    let allowed = [
        Allowed {
            bearer_variable: Some(VARIABLE.to_owned()),
            ..url("https://a.b/mcp")
        },
        Allowed {
            variables: vec![VARIABLE.to_owned(), "PATH".to_owned()],
            ..command("tools", &[])
        },
    ];
    let allow = Allow::new(&allowed).unwrap();
    let Some(Route::Address { key, .. }) = allow.grant(&http("https://a.b/mcp")).map(|it| it.route)
    else {
        panic!("it is allowed");
    };
    assert_eq!(key, Key::read(VARIABLE));
    let Some(Route::Program {
        variables, secrets, ..
    }) = allow.grant(&stdio("tools", &[])).map(|it| it.route)
    else {
        panic!("it is allowed");
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = path.to_string_lossy();
    let said = secrets.removed_from(&format!("agent-worker is in {path}"));
    assert_eq!(said, format!("[key] is in {path}"));
    let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&VARIABLE) && !names.contains(&"CARGO_MANIFEST_DIR"));
}

#[test]
fn an_entry_that_makes_no_sense_stops_the_worker() {
    let missing = || "MANYWORLDS_TEST_NO_SUCH_KEY".to_owned();
    for (allowed, expected) in [
        (Allowed::default(), "either `command` or `url`"),
        (
            Allowed {
                command: Some("tools".into()),
                ..url("https://a.b/")
            },
            "either `command` or `url`",
        ),
        (command("", &[]), "`command` is empty"),
        (
            Allowed {
                any_args: true,
                ..command("tools", &["x"])
            },
            "either `args` or `any_args`",
        ),
        (url("file:///etc/passwd"), "is not http or https"),
        (url("https://u:p@a.b/"), "names a user"),
        (url("https://a.b/?x=*"), "a query can't end in `*`"),
        (
            Allowed {
                bearer_variable: Some(missing()),
                ..url("https://a.b/")
            },
            "MANYWORLDS_TEST_NO_SUCH_KEY is not set",
        ),
        (
            Allowed {
                variables: vec![missing()],
                ..command("tools", &[])
            },
            "MANYWORLDS_TEST_NO_SUCH_KEY is not set",
        ),
    ] {
        let error = format!("{:#}", Allow::new(&[allowed]).err().unwrap());
        assert!(error.starts_with("mcp.allow: entry 1"), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}
