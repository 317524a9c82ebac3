//! What a world file refers to is there.

use contract::{Entity, EntityKind};
use manyworlds_world_file::{Fault, WorldFile, check_references, worker_actions};

const FILE: &str = "\
id: w
main_agent: Ada Lovelace
mcp_servers: {files: {stdio: {command: files}}}
roles: {teacher: {}}
badges: {from: [teacher]}
entities:
  - id: ada
    name: Ada Lovelace
    kind: agent
    abilities: [{name: rest, trigger: w.rest, run: {worker: rest_well}}]
    agent:
      tools: {servers: [files]}
      brain:
        script:
          rules:
            - {when: a, reply: b, calls: [{entity: mic, ability: speak, target: world}]}
      mind:
        chains: [[\"mic:speak\", \"ada:rest\"]]
        reflections: [{before: \"mic:speak\", argument: text, prompt: why}]
  - id: mic
    kind: object
    abilities: [{name: speak, trigger: w.speak, run: {client: {}}}]
";

/// What is wrong with a file, each with its position.
fn faults(text: &str, present: Option<&[Entity]>) -> Vec<String> {
    let Ok((file, positions)) = WorldFile::parse_with_positions(text) else {
        return vec!["is not a world file".to_owned()];
    };
    let mut faults = check_references(&file.spec, present);
    positions.complete(&mut faults);
    let text = |fault: &Fault| {
        let line = fault.position.map_or(0, |position| position.line);
        format!("line {line}: {}: {}", fault.path, fault.reason)
    };
    faults.iter().map(text).collect()
}

#[test]
fn a_file_that_is_complete_has_no_fault() {
    assert_eq!(faults(FILE, None), [""; 0]);
    // The main agent is found by its id, and by its name in any form.
    for name in ["ada", "ADA", "ada-lovelace", "AdaLovelace"] {
        let text = FILE.replace("main_agent: Ada Lovelace", &format!("main_agent: {name}"));
        assert_eq!(faults(&text, None), [""; 0], "{name}");
    }
}

#[test]
fn what_is_not_there_is_named_at_its_place() {
    for (from, to, expected) in [
        (
            "main_agent: Ada Lovelace",
            "main_agent: adda",
            "line 2: main_agent: there is no agent adda, did you mean `ada`?",
        ),
        (
            "from: [teacher]",
            "from: [techer]",
            "line 5: badges.from[0]: there is no role techer, did you mean `teacher`?",
        ),
        (
            "servers: [files]",
            "servers: [file]",
            "line 12: entities[0].agent.tools.servers[0]: there is no MCP server file, did you mean `files`?",
        ),
        (
            "entity: mic",
            "entity: mik",
            "line 16: entities[0].agent.brain.script.rules[0].calls[0].entity: there is no entity mik, did you mean `mic`?",
        ),
        (
            "ability: speak",
            "ability: talk",
            "line 16: entities[0].agent.brain.script.rules[0].calls[0].ability: mic has no ability talk",
        ),
        (
            "target: world",
            "target: bob",
            "line 16: entities[0].agent.brain.script.rules[0].calls[0].target: there is no entity bob",
        ),
        (
            "\"ada:rest\"",
            "\"ada:reset\"",
            "line 18: entities[0].agent.mind.chains[0][1]: ada has no ability reset, did you mean `rest`?",
        ),
        (
            "before: \"mic:speak\"",
            "before: \"mike:speak\"",
            "line 19: entities[0].agent.mind.reflections[0].before: there is no entity mike",
        ),
    ] {
        let found = faults(&FILE.replace(from, to), None);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(expected), "{found:?}");
    }
}

#[test]
fn a_script_that_calls_needs_tools() {
    let text = "\
id: w
entities:
  - {id: mic, kind: object, abilities: [{name: speak, trigger: w.speak, run: {client: {}}}]}
  - id: ada
    kind: agent
    agent:
      brain: {script: {rules: [{when: a, reply: b, calls: [{entity: mic, ability: speak}]}]}}
";
    let found = faults(text, None);
    assert_eq!(found.len(), 1, "{found:?}");
    let expected = "line 7: entities[1].agent.brain.script.rules[0].calls: the world refuses the calls of an agent \
        without `tools`";
    assert!(found[0].starts_with(expected), "{found:?}");
    // An agent with a mind uses abilities by itself.
    for more in ["tools: {}", "mind: {}"] {
        assert_eq!(faults(&format!("{text}      {more}\n"), None), [""; 0]);
    }
}

#[test]
fn an_ability_of_another_agent_is_not_used() {
    let text = FILE.replace("kind: object\n", "kind: agent\n    agent: {}\n");
    let found = faults(&text, None);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found
            .iter()
            .all(|fault| fault.contains("mic is another agent")),
        "{found:?}"
    );
}

#[test]
fn what_the_world_has_already_is_there() {
    let text = FILE
        .replace("id: mic", "id: mouse")
        .replace("[files]", "[others]");
    assert!(!faults(&text, None).is_empty());
    let mut mic = Entity::new("mic".parse().unwrap(), EntityKind::Object);
    let ability = r#"{"name": "speak", "trigger": "w.speak", "run": {"client": {}}}"#;
    mic.abilities = vec![serde_json::from_str(ability).unwrap()];
    assert_eq!(faults(&text, Some(&[mic])), [""; 0]);
}

#[test]
fn actions_that_workers_offer_are_found() {
    let text = "\
id: w
actions: [{name: grade}]
entities:
  - {id: a, kind: agent, agent: {brain: {function: {action: think}}, processor: {function: {action: sum}}}}
  - {id: b, kind: object, abilities: [{name: go, trigger: x.y, run: {worker: move_it}}, {name: no, trigger: x.z, run: {client: {}}}]}
  - {id: c, kind: agent, agent: {brain: {script: {}}}}
flows: {f: {nodes: [{id: n, worker: audit}]}}
";
    let file = WorldFile::parse(text).unwrap();
    let paths: Vec<String> = worker_actions(&file.spec)
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    let expected = [
        "entities[0].agent.brain.function.action",
        "entities[0].agent.processor.function.action",
        "entities[1].abilities[0].run.worker",
        "actions[0].name",
        "flows.f.nodes[0].worker",
    ];
    assert_eq!(paths, expected);
}
