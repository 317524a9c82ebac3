//! Clients that are generated from the description of the interface, and the description itself, with the tools that
//! users have: a validator, a generator for each of two languages, and a fuzzer.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use system_tests::{Cluster, Http, Shape};
use tempfile::TempDir;
use testkit::eventually;

use crate::worlds::apply;

/// The key of the interface, where a test asks for one.
const API_KEY: &str = "secret";
/// How many examples schemathesis makes of each route by chance, beside those that cover its schema.
const EXAMPLES: &str = "5";

pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().unwrap()
}

/// The folder with the tools of a language, which are installed there if they are not yet.
pub(crate) fn tools(language: &str) -> PathBuf {
    let script = root().join("deploy/scripts/get-api-clients.sh");
    let printed = run(Command::new(script).arg(language));
    PathBuf::from(printed.trim())
}

/// What a command prints. It succeeds.
fn run(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let [printed, errors] =
        [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(status.success(), "{command:?}: {printed}\n{errors}");
    printed
}

/// A command of Python with the tools.
fn python(tools: &Path, folder: &Path, arguments: &[&str]) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let programs = [tools.join("bin")]
        .into_iter()
        .chain(std::env::split_paths(&path));
    let mut command = Command::new("python3");
    command
        .args(arguments)
        .env("PATH", std::env::join_paths(programs).unwrap())
        .env("PYTHONPATH", tools)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(folder);
    command
}

/// Copies the example of a language into a folder, which has a client then.
fn copy_example(name: &str, folder: &Path) {
    let example = root().join("docs/examples/clients").join(name);
    std::fs::copy(example, folder.join(name)).unwrap();
}

/// The commands that the documentation gives for a language, each a line.
fn documented(language: &str) -> Vec<String> {
    let page = std::fs::read_to_string(root().join("docs/clients.md")).unwrap();
    let section = page.split("\n## ").find(|part| part.starts_with(language));
    let (_, block) = section.unwrap().split_once("```sh\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    block.lines().map(str::to_owned).collect()
}

fn answer_of_python(url: &str, tools: &Path) -> String {
    let folder = TempDir::new().unwrap();
    let client = folder.path().join("manyworlds_client");
    let generate = [
        "-m",
        "openapi_python_client",
        "generate",
        "--url",
        &format!("{url}/openapi.json"),
        "--meta",
        "none",
        "--output-path",
        client.to_str().unwrap(),
    ];
    let printed = run(&mut python(tools, folder.path(), &generate));
    assert!(!printed.to_lowercase().contains("warning"), "{printed}");
    copy_example("stream_answer.py", folder.path());
    let arguments = ["stream_answer.py", url, "lobby", "main", "@ada hello"];
    run(&mut python(tools, folder.path(), &arguments))
}

fn answer_of_typescript(url: &str, tools: &Path) -> String {
    let folder = TempDir::new().unwrap();
    let modules = folder.path().join("node_modules");
    std::os::unix::fs::symlink(tools.join("node_modules"), &modules).unwrap();
    std::fs::write(folder.path().join("package.json"), r#"{"type": "module"}"#).unwrap();
    copy_example("stream_answer.ts", folder.path());
    let program = |name: &str, arguments: &[&str]| {
        let mut command = Command::new(modules.join(".bin").join(name));
        run(command.args(arguments).current_dir(folder.path()))
    };
    let description = format!("{url}/openapi.json");
    let generate = [
        &description,
        "--default-non-nullable",
        "false",
        "-o",
        "manyworlds.ts",
    ];
    program("openapi-typescript", &generate);
    let compile = [
        "--strict",
        "--target",
        "es2022",
        "--module",
        "nodenext",
        "stream_answer.ts",
    ];
    program("tsc", &compile);
    let mut example = Command::new("node");
    let arguments = ["stream_answer.js", url, "lobby", "main", "@ada hello"];
    run(example.args(arguments).current_dir(folder.path()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_client_streams_an_answer() {
    let [for_python, for_typescript] =
        tokio::task::block_in_place(|| ["python", "typescript"].map(tools));
    let cluster = Cluster::start(Shape::default()).await;
    apply(&cluster, "lobby");
    let url = cluster.gateways[0].base.clone();
    let answers = tokio::task::block_in_place(|| {
        [
            answer_of_python(&url, &for_python),
            answer_of_typescript(&url, &for_typescript),
        ]
    });
    for answer in answers {
        assert!(answer.contains("The Lobby, commits "), "{answer}");
        eventually("the chat has the answer that was printed", async || {
            let path = "/v1/worlds/lobby/chats/main/messages?limit=1000";
            let page = Http::get(&cluster.gateways, path).await;
            let mut messages = page["messages"].as_array().unwrap().iter();
            messages.any(|message| {
                message["sender"] == "ada" && answer.contains(message["text"].as_str().unwrap())
            })
        })
        .await;
    }
}

#[test]
fn the_documented_commands_are_the_tested_ones() {
    let python = documented("Python").join("\n");
    for part in [
        "openapi-python-client generate --url",
        "/openapi.json",
        "--meta none --output-path manyworlds_client",
        "stream_answer.py",
    ] {
        assert!(python.contains(part), "{part}: {python}");
    }
    let typescript = documented("TypeScript").join("\n");
    for part in [
        "openapi-typescript http",
        "/openapi.json --default-non-nullable false -o manyworlds.ts",
        "tsc --strict --target es2022 --module nodenext stream_answer.ts",
        "node stream_answer.js",
    ] {
        assert!(typescript.contains(part), "{part}: {typescript}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_interface_is_as_it_is_described() {
    let tools = tokio::task::block_in_place(|| tools("python"));
    let variables = [
        ("gateway:MANYWORLDS_API_KEYS[0]", API_KEY),
        // What is waited for in vain takes no longer.
        ("gateway:MANYWORLDS_TURN_DEADLINE", "1s"),
    ];
    let cluster = Cluster::start_with(Shape::default(), &variables).await;
    let folder = TempDir::new().unwrap();
    let url = cluster.gateways[0].base.clone();
    let description: Value = Http::get(&cluster.gateways, "/openapi.json").await;
    let file = folder.path().join("openapi.json");
    std::fs::write(&file, description.to_string()).unwrap();
    let file = file.to_str().unwrap();
    tokio::task::block_in_place(|| {
        let validate = ["-m", "openapi_spec_validator", file];
        let printed = run(&mut python(&tools, folder.path(), &validate));
        assert!(printed.contains("OK"), "{printed}");
        let config = root().join("tests/system/clients/schemathesis.toml");
        let fuzz = [
            "-c",
            "from schemathesis.cli import schemathesis; schemathesis()",
            "--config-file",
            config.to_str().unwrap(),
            "run",
            file,
            "--url",
            &url,
            "--checks",
            "all",
            "--phases",
            "coverage,fuzzing",
            "--max-examples",
            EXAMPLES,
            "--seed",
            "1",
            "--generation-database",
            "none",
            "--no-shrink",
            "--no-color",
            "--continue-on-failure",
            "--request-timeout",
            "30",
        ];
        let printed = run(&mut python(&tools, folder.path(), &fuzz));
        assert!(printed.contains("Tested: "), "{printed}");
    });
}
