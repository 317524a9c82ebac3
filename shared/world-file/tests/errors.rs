//! Everything that is wrong with a world file is found at once, each with its line, its column and its path.

use manyworlds_world_file::WorldFile;

/// What is wrong with a text, a line each.
fn errors(text: &str) -> Vec<String> {
    let faults = WorldFile::parse(text).err().map(|error| error.faults());
    let faults = faults.unwrap_or_default();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn all_errors_are_found_at_once() {
    let text = "\
id: bad id
name: [A]
turn_limit: many
entitties: []
chat_dialect: agent-world
entities:
  - id: ada
    kind: agnet
    agent:
      context_messages: -1
      brain: {lm: {}}
  - id: bob
    kind: agent
    agent: {brain: {script: {rules: [{when: a, reply: b}, {when: c}]}}, toolz: {}}
    abilities:
      - name: look
        schema: {}
  - kind: object
roles: {teacher: {behavior: {}}}
streams:
  no_owner: {type: number}
";
    let expected = [
        "line 1, column 5: id: ",
        "line 2, column 7: name: expected a text, found a list",
        "line 3, column 13: turn_limit: expected a whole number, 0 or more, found the text `many`",
        "line 4, column 1: entitties: unknown field, did you mean `entities`?",
        "line 5, column 15: chat_dialect: unknown value `agent-world`, did you mean `agent_world`?",
        "line 8, column 11: entities[0].kind: unknown value `agnet`, did you mean `agent`?",
        "line 10, column 25: entities[0].agent.context_messages: expected a whole number, 0 or more, found the number -1",
        "line 11, column 15: entities[0].agent.brain.lm: unknown value `lm`, did you mean `llm`?",
        "line 14, column 59: entities[1].agent.brain.script.rules[1]: the field `reply` is missing",
        "line 14, column 73: entities[1].agent.toolz: unknown field, did you mean `tools`?",
        "line 16, column 9: entities[1].abilities[0]: the field `trigger` is missing",
        "line 17, column 9: entities[1].abilities[0].schema: unknown field; known here: name, ",
        "line 18, column 5: entities[2]: the field `id` is missing",
        "line 19, column 19: roles.teacher.behavior: unknown field, did you mean `behaviour`?",
        "line 21, column 3: streams.no_owner: ",
    ];
    let errors = errors(text);
    assert_eq!(errors.len(), expected.len(), "{errors:#?}");
    for (error, expected) in errors.iter().zip(expected) {
        assert!(error.starts_with(expected), "{error}\nis not\n{expected}");
    }
}

#[test]
fn an_error_in_an_example_is_at_its_place() {
    // Whatever field of an example is misspelt, it is found at its line and path.
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/worlds");
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let name = line.trim_start().trim_start_matches("- ");
            let known = [
                "kind:",
                "turn_limit:",
                "agent:",
                "brain:",
                "abilities:",
                "script:",
            ];
            let Some(known) = known.into_iter().find(|known| name.starts_with(known)) else {
                continue;
            };
            let mistyped = known.replace(':', "x:");
            let mut changed = lines.clone();
            let replaced = line.replacen(known, &mistyped, 1);
            changed[index] = &replaced;
            let errors = errors(&changed.join("\n"));
            let place = format!("line {}, column ", index + 1);
            let name = mistyped.trim_end_matches(':');
            let is_found = |error: &String| error.starts_with(&place) && error.contains(name);
            assert!(errors.iter().any(is_found), "{replaced}: {errors:#?}");
        }
    }
}

#[test]
fn free_maps_are_free() {
    let text = "\
id: a
metadata: {anything: {goes: [here]}}
entities:
  - {id: b, kind: object, state: {entitties: 1}, state_schema: {properties: {toolz: {}}}, metadata: {kinds: 1}}
  - id: c
    kind: agent
    agent: {brain: {llm: {provider: openai, model: m, options: {headers: {x: y}, body: {unheard: {of: 1}}}}}}
";
    WorldFile::parse(text).unwrap();
}

#[test]
fn a_behaviour_is_checked_at_every_depth() {
    let text = "\
id: a
behaviours:
  t:
    initial: a
    states:
      a: {wait_secs: 1}
      b: {transitions: [{to: a, action: wait, wenn: x}]}
roles:
  student: {behaviour: {initial: a, stats: {}}}
  foreign: {behaviour: {machine: {anything: 1}}}
";
    let expected = [
        "line 6, column 11: behaviours.t.states.a.wait_secs: unknown field, did you mean `wait_seconds`?",
        "line 7, column 47: behaviours.t.states.b.transitions[0].wenn: unknown field",
        "line 9, column 24: roles.student.behaviour: the field `states` is missing",
        "line 9, column 37: roles.student.behaviour.stats: unknown field, did you mean `states`?",
    ];
    let errors = errors(text);
    assert_eq!(errors.len(), expected.len(), "{errors:#?}");
    for (error, expected) in errors.iter().zip(expected) {
        assert!(error.starts_with(expected), "{error}\nis not\n{expected}");
    }
}

#[test]
fn a_text_that_is_no_map_has_one_error() {
    for (text, expected) in [
        ("hello", "line 1, column 1: a world file is a map of fields"),
        ("[1]", "line 1, column 1: a world file is a map of fields"),
        (
            "name: A",
            "line 1, column 1: id: the field is missing: a world has an id",
        ),
        (
            "id: a\nentities: {}",
            "line 2, column 11: entities: expected a list, found a map of fields",
        ),
        (
            "id: a\nentities: [b]",
            "line 2, column 12: entities[0]: expected a map of fields, found the text `b`",
        ),
    ] {
        assert_eq!(errors(text), [expected]);
    }
}

#[test]
fn many_errors_are_bounded() {
    let items = "  - {id: a b, kind: x, nam: y}\n".repeat(2_000);
    assert_eq!(errors(&format!("id: a\nentities:\n{items}")).len(), 100);
}
