//! The commands of behaviours, as a person types them.

use std::fs;

use tempfile::TempDir;
use testkit::eventually;

use crate::support::Up;

const SCHOOL: &str = "
id: school
name: School
roles:
  teacher: {}
  student: {behaviour: {initial: idle, states: {idle: {}}}}
badges: {from: [teacher]}
entities:
  - {id: t, kind: agent, role: teacher, master: true, agent: {}}
  - {id: s1, kind: agent, role: student, agent: {}}
behaviours:
  t:
    initial: rest
    states:
      rest: {transitions: [{action: nop, ready: false, to: found}]}
      found: {}
";

#[tokio::test]
async fn a_world_file_has_behaviours_and_the_commands_show_them() {
    let folder = TempDir::new().unwrap();
    let up = Up::start(folder.path());
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    up.says(&["world", "apply", &file("school.yaml", SCHOOL)], "");
    let roster = up.says(&["roster", "school"], "");
    let rows: Vec<String> = roster.lines().map(columns).collect();
    assert_eq!(
        rows,
        [
            "ENTITY ROLE MASTER STATE ENGAGED",
            "s1 student no idle",
            "t teacher yes rest"
        ]
    );
    let shown = up.says(&["behaviour", "show", "school", "t"], "");
    assert!(shown.starts_with("t: in rest since "), "{shown}");
    assert!(shown.contains("waiting for: nop (a request)"), "{shown}");

    let theirs = r#"{"machine": {"initial_state": "a"}}"#;
    let put = up.says(&["behaviour", "put", "school", "t", "-"], theirs);
    assert!(put.starts_with("the behaviour of t is in commit "), "{put}");
    let dot = ["behaviour", "diagram", "school", "t", "--format", "dot"];
    assert!(up.says(&dot, "").starts_with("digraph"));
    for command in ["pause", "step", "resume"] {
        let text = up.says(&["behaviour", command, "school", "t"], "");
        assert!(text.contains("since commit"), "{text}");
    }
    let bad = file(
        "bad.yaml",
        "initial: a\nstates: {a: {transitions: [{action: dance, to: a}]}}",
    );
    let output = up.run(&["behaviour", "put", "school", "t", &bad], "");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("states.a.transitions[0].action"), "{error}");

    let arguments = r#"{"role": "student"}"#;
    let find = [
        "action",
        "school",
        "t",
        "find_agents",
        "--arguments",
        arguments,
    ];
    assert_eq!(up.says(&find, ""), "true  found: s1\n");
    let arguments = r#"{"agent": "s1", "score": 1, "badge_description": "all lessons"}"#;
    let suggest = [
        "action",
        "school",
        "t",
        "suggest_badges_to_world",
        "--arguments",
        arguments,
    ];
    assert_eq!(
        up.says(&suggest, "").split_whitespace().next(),
        Some("true")
    );
    eventually("the archive has the badge", async || {
        up.says(&["badges", "school"], "").contains("all lessons")
    })
    .await;
    let statistics = up.says(&["statistics", "school"], "");
    assert!(statistics.contains("idle *"), "{statistics}");
    assert!(statistics.contains("student: 1"), "{statistics}");
}

/// The words of a line, with one blank between them.
fn columns(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
