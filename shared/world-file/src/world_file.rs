//! A world that a person described in a file.

use std::io;

use contract::behaviour::Document;
use contract::stream::Generator;
use contract::{Command, WorldId, WorldSpec};

use crate::decode::decode;
use crate::error::Error;
use crate::fault::{Fault, Position};
use crate::positions::Positions;
use crate::sample_file::samples_of;
use crate::yaml::{self, InvalidYaml, Node, NodeValue};

/// A world that a person described in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct WorldFile {
    /// The id of the world.
    pub id: WorldId,
    /// What the world is, and who and what is in it.
    pub spec: WorldSpec,
}

impl WorldFile {
    /// Parses the text of a world file: YAML 1.2 or JSON.
    ///
    /// # Errors
    /// [`Error`] has all that is wrong, with the line and the path of each.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::parse_with_positions(text).map(|(file, _)| file)
    }

    /// Parses the text of a world file, and keeps where its fields are, for what is found later.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_with_positions(text: &str) -> Result<(Self, Positions), Error> {
        let mut root = yaml::parse(text).map_err(|error| match error {
            InvalidYaml::Syntax(fault) => Error::Malformed(fault),
            InvalidYaml::Faults(faults) => Error::Invalid(faults),
        })?;
        let NodeValue::Map(fields) = &mut root.value else {
            let reason = "a world file is a map of fields";
            return Err(Error::Invalid(vec![fault_at(root.position, "", reason)]));
        };
        // The fields of a spec are beside the id. A flattened struct would lose where its errors are.
        let index = fields.iter().position(|field| field.name == "id");
        let id = match index.map(|index| fields.remove(index).node) {
            Some(id) => decode(&id, "id"),
            None => {
                let reason = "the field is missing: a world has an id";
                Err(vec![fault_at(root.position, "id", reason)])
            }
        };
        let spec = decode(&root, "");
        let behaviours = check_behaviours(&root);
        match (id, spec) {
            (Ok(id), Ok(spec)) if behaviours.is_empty() => {
                Ok((Self { id, spec }, Positions::new(root)))
            }
            (id, spec) => {
                let faults = [id.err(), spec.err(), Some(behaviours)];
                let mut faults: Vec<Fault> = faults.into_iter().flatten().flatten().collect();
                faults.sort_by_key(|fault| fault.position);
                Err(Error::Invalid(faults))
            }
        }
    }

    /// Replaces the files of streams by their samples; `read` gets the path that the world file has.
    ///
    /// # Errors
    /// [`Error::Samples`] names the field at fault.
    pub fn read_sample_files(
        &mut self,
        mut read: impl FnMut(&str) -> io::Result<String>,
    ) -> Result<(), Error> {
        for (stream, spec) in &mut self.spec.streams {
            let Some(Generator::File { path, count }) = &spec.generator else {
                continue;
            };
            let field = format!("streams.{stream}.generator.file");
            let text = read(path).map_err(|source| Error::Samples {
                field: format!("{field}.path"),
                detail: format!("can't read {path}"),
                source: Some(source),
            })?;
            let samples = samples_of(&text, *count, &spec.stream_type, &field)?;
            spec.generator = Some(Generator::List(samples));
        }
        Ok(())
    }

    /// The command that brings the world to what the file describes. What the file does not describe
    /// stays.
    pub fn into_command(self) -> Command {
        Command::ApplyWorld(self.spec)
    }
}

fn fault_at(position: Position, path: &str, reason: &str) -> Fault {
    Fault {
        path: path.to_owned(),
        position: Some(position),
        reason: reason.to_owned(),
    }
}

/// What is wrong with the behaviours in our own format. In a spec they are any JSON.
fn check_behaviours(root: &Node) -> Vec<Fault> {
    let fields = |name| root.field(name).map_or(&[][..], Node::fields);
    let own = fields("behaviours").iter();
    let own = own.map(|entry| (format!("behaviours.{}", entry.name), &entry.node));
    let of_roles = fields("roles").iter().filter_map(|role| {
        let behaviour = role.node.field("behaviour")?;
        Some((format!("roles.{}.behaviour", role.name), behaviour))
    });
    own.chain(of_roles)
        .filter(|(_, node)| is_own_format(node))
        .filter_map(|(path, node)| decode::<Document>(node, &path).err())
        .flatten()
        .collect()
}

/// Whether a node is a behaviour in our own format, as `Definition` decides.
fn is_own_format(node: &Node) -> bool {
    let is_foreign = ["machine", "initial_state"].map(|name| node.field(name).is_some());
    !node.fields().is_empty() && !is_foreign.contains(&true)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use contract::behaviour::Format;

    use super::*;

    #[test]
    fn a_field_may_have_its_default() {
        let parse = |agent: &str, master: &str| {
            let text =
                format!("{{id: w, entities: [{{id: a, kind: agent, {master}, agent: {agent}}}]}}");
            WorldFile::parse(&text).map_err(|error| error.to_string())
        };
        assert_eq!(
            parse("{auto_reply: true}", "master: false").map(|_| ()),
            Ok(())
        );
        for (agent, master, path) in [
            (
                "{auto_repl: true}",
                "master: false",
                "entities[0].agent.auto_repl",
            ),
            ("{}", "mastr: false", "entities[0].mastr"),
        ] {
            let error = parse(agent, master).unwrap_err();
            assert!(error.contains(path), "{error}");
        }
    }

    #[test]
    fn the_example_worlds_are_worlds() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/worlds");
        let mut ids: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let text = fs::read_to_string(entry.unwrap().path()).unwrap();
                WorldFile::parse(&text).unwrap().id.to_string()
            })
            .collect();
        ids.sort();
        let expected = [
            "animal-school",
            "blackboard",
            "broadcast-chat",
            "calculator",
            "cat-library",
            "class-incremental",
            "helpdesk",
            "library",
            "lobby",
            "market",
            "night-desk",
            "podcast",
            "roundtable",
            "signal-school",
            "social-learning",
            "studio",
            "tea-room",
            "tictactoe",
            "warehouse",
            "workshop",
        ];
        assert_eq!(ids, expected);
    }

    #[test]
    fn json_is_read_too() {
        let world = WorldFile::parse(r#"{"id": "a", "name": "A", "turn_limit": 2}"#).unwrap();
        assert_eq!(
            (
                world.id.as_str(),
                world.spec.name.as_str(),
                world.spec.turn_limit
            ),
            ("a", "A", 2)
        );
    }

    #[test]
    fn a_behaviour_in_yaml_keeps_the_order_of_its_fields() {
        let yaml = "initial: z\nstates:\n  z: {wait_seconds: 0.5}\n  a: {args: {n: [1, -2, null]}}";
        let definition = crate::parse_behaviour(yaml).unwrap();
        let json =
            r#"{"initial":"z","states":{"z":{"wait_seconds":0.5},"a":{"args":{"n":[1,-2,null]}}}}"#;
        assert_eq!(definition.json(), json);
    }

    #[test]
    fn roles_and_behaviours_are_described() {
        let text = "id: a
actions: [{name: grade, arguments: {type: object}, requestable: false}]
roles: {student: {behaviour: {initial: z, states: {z: {wait_seconds: 1}, a: {}}}}, teacher: {}}
badges: {from: [teacher]}
entities: [{id: t, kind: agent, role: teacher, master: true, agent: {}}]
behaviours: {t: {machine: {initial_state: a}}}";
        let spec = WorldFile::parse(text).unwrap().spec;
        let student = spec
            .roles
            .values()
            .next()
            .and_then(|role| role.behaviour.clone());
        let json = r#"{"initial":"z","states":{"z":{"wait_seconds":1},"a":{}}}"#;
        assert_eq!(student.unwrap().json(), json);
        let behaviour = spec.behaviours.values().next().unwrap();
        assert_eq!(behaviour.format(), Format::Unaiverse);
        assert!(!spec.actions[0].requestable && spec.entities[0].master);
        let mistyped = text.replace("requestable", "requestabel");
        let error = WorldFile::parse(&mistyped).unwrap_err();
        let expected = "actions[0].requestabel: unknown field, did you mean `requestable`?";
        assert!(error.to_string().ends_with(expected), "{error}");
    }

    #[test]
    fn an_object_with_its_default_has_no_other_fields() {
        let file = |session: &str| {
            format!(
                "id: w\nflows: {{desk: {{nodes: [{{id: sup, worker: audit}}], session: {{{session}}}}}}}\n"
            )
        };
        let given = "idle_seconds: 600, on_busy: queue";
        WorldFile::parse(&file(given)).unwrap();
        let error = WorldFile::parse(&file("idle_seconds: 600, on_idle: queue")).unwrap_err();
        let expected = "line 2, column 80: flows.desk.session.on_idle: unknown field; known here: idle_seconds, on_busy, on_end_call";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn streams_are_described_by_their_owner_and_name() {
        let text = "id: a\nstreams:
  sensor:readings: {type: number, generator: {sine: {period: 20, phase: 0.25, count: 3}}}
  sensor:zeros: {type: {tensor: {shape: [2]}}, generator: {constant: {value: [0, 0], count: 5}}}
  world:words: {type: text, public: false, generator: {list: [a, b]}}";
        let world = WorldFile::parse(text).unwrap();
        let streams: Vec<String> = world.spec.streams.keys().map(ToString::to_string).collect();
        assert_eq!(streams, ["sensor:readings", "sensor:zeros", "world:words"]);
        let mistyped = text.replace("phase", "face");
        let error = WorldFile::parse(&mistyped).unwrap_err();
        let expected = "streams.sensor:readings.generator.sine.face: unknown field";
        assert!(error.to_string().contains(expected), "{error}");
    }

    #[test]
    fn a_mistyped_field_is_named() {
        let mistyped =
            "id: a\nentities:\n  - id: ada\n    kind: agent\n    agent: {brian: {script: {}}}";
        let error = WorldFile::parse(mistyped).unwrap_err();
        let expected =
            "line 5, column 13: entities[0].agent.brian: unknown field, did you mean `brain`?";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_wrong_value_is_reported_with_its_line() {
        let error = WorldFile::parse("id: a\nturn_limit: many").unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
    }

    #[test]
    fn a_file_without_an_id_is_no_world() {
        let error = WorldFile::parse("name: A").unwrap_err();
        assert!(error.to_string().contains("id"), "{error}");
    }

    #[test]
    fn a_file_becomes_the_command_that_applies_it() {
        let world = WorldFile::parse("id: a\nname: A").unwrap();
        let expected = world.spec.clone();
        let command = world.into_command();
        assert!(matches!(command, Command::ApplyWorld(spec) if spec == expected));
    }
}
