//! Streams: who may do what, where their samples are, and how much the state keeps of them.

mod growth;
mod specs;

use contract::stream::{AppendSamples, PutStream, StreamAppended};
use contract::view::{GetStreamBatches, GetStreams, GetView, ViewRequest};
use contract::{
    Command, EntityKind, Event, InteractionId, Rejection, RejectionCode, StreamRef, StreamType,
};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Story, entity, hash, types};
use crate::view;

fn stream(text: &str) -> StreamRef {
    text.parse().unwrap()
}

fn raw(text: impl Into<String>) -> Box<RawValue> {
    RawValue::from_string(text.into()).unwrap()
}

fn put(name: &str, stream_type: StreamType) -> Command {
    Command::PutStream(PutStream {
        stream: stream(name),
        stream_type,
        public: true,
        range: None,
    })
}

fn append(name: &str, samples: &[&str]) -> Command {
    append_tagged(name, samples, None)
}

fn append_tagged(name: &str, samples: &[&str], tags: Option<&[u64]>) -> Command {
    Command::AppendSamples(AppendSamples {
        stream: stream(name),
        samples: samples.iter().map(|sample| raw(*sample)).collect(),
        tags: tags.map(<[u64]>::to_vec),
        interaction: None,
    })
}

fn append_in(interaction: u128, tags: Option<&[u64]>) -> Command {
    Command::AppendSamples(AppendSamples {
        stream: stream("ada:out"),
        samples: vec![raw("1")],
        tags: tags.map(<[u64]>::to_vec),
        interaction: Some(InteractionId(Uuid::from_u128(interaction))),
    })
}

/// A world in which `ada` owns the numbers `ada:out`.
fn begin() -> Story {
    let mut story = Story::begin(&["ada", "bob"]);
    let declared = story.send("ada", put("ada:out", StreamType::Number));
    assert_eq!(types(&declared.unwrap()), ["stream.declared"]);
    story
}

fn appended(events: &[Event]) -> StreamAppended {
    assert_eq!(types(events), ["stream.appended"]);
    serde_json::from_str(events[0].data.get()).unwrap()
}

fn show(story: &Story, request: impl GetView) -> Value {
    show_request(story, &request.into_request())
}

fn show_request(story: &Story, request: &ViewRequest) -> Value {
    serde_json::to_value(view(&story.world, request)).unwrap()
}

fn batches(story: &Story, name: &str, from: u64, limit: u32) -> Value {
    let stream = stream(name);
    let found = show(
        story,
        GetStreamBatches {
            stream,
            from,
            limit,
        },
    );
    found["commits"].clone()
}

#[test]
fn samples_get_positions_and_tags_and_pass_byte_for_byte() {
    let mut story = begin();
    let events = story.send("ada", append("ada:out", &["1.50", "-0", "1E2"]));
    let first = appended(&events.unwrap());
    assert_eq!((first.first, &first.tags[..]), (0, &[0, 1, 2][..]));
    let texts: Vec<&str> = first.values.iter().map(|value| value.get()).collect();
    assert_eq!(texts, ["1.50", "-0", "1E2"]);
    let events = story.send("ada", append_tagged("ada:out", &["7"], Some(&[90])));
    assert_eq!(appended(&events.unwrap()).first, 3);
    // A position would be smaller than the last tag.
    let events = story.send("world", append("ada:out", &["8", "9"])).unwrap();
    assert_eq!(events[0].sender.as_str(), "world");
    let third = appended(&events);
    assert_eq!((third.first, &third.tags[..]), (4, &[91, 92][..]));
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn tags_restart_with_each_interaction() {
    let mut story = begin();
    story
        .send("ada", append_tagged("ada:out", &["1"], Some(&[50])))
        .unwrap();
    for (interaction, tags, expected) in [
        (1, Some(&[3][..]), Ok(3)),
        (2, Some(&[1]), Ok(1)),
        (1, Some(&[4]), Ok(4)),
        (1, Some(&[4]), Err("tags[0]")),
        (2, None, Ok(4)),
        (3, None, Ok(5)),
    ] {
        let found = story.send("ada", append_in(interaction, tags));
        let found = found.map(|events| appended(&events).tags[0]);
        let found = found.map_err(|rejection| rejection.field.unwrap());
        assert_eq!(
            found,
            expected.map_err(str::to_owned),
            "{interaction} {tags:?}"
        );
    }
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

/// A command, who sends it, and how it is refused.
type Refused = (&'static str, Command, RejectionCode, &'static str);

/// Each command is refused, and changes nothing.
fn refuses(story: &mut Story, table: Vec<Refused>) {
    for (sender, command, code, field) in table {
        let before = hash(&story.world);
        let refused = story.send(sender, command).unwrap_err();
        assert_eq!(refused.code, code, "{refused}");
        assert_eq!(refused.field.as_deref(), Some(field), "{refused}");
        assert_eq!(hash(&story.world), before);
    }
}

#[test]
fn who_may_not_change_a_stream_is_refused() {
    use RejectionCode as Code;
    let mut story = begin();
    story.send("ada", append("ada:out", &["1"])).unwrap();
    let table = vec![
        ("bob", append("ada:out", &["1"]), Code::NotAllowed, "sender"),
        (
            "bob",
            put("ada:other", StreamType::Text),
            Code::NotAllowed,
            "sender",
        ),
        (
            "bob",
            Command::RemoveStream {
                stream: stream("ada:out"),
            },
            Code::NotAllowed,
            "sender",
        ),
        (
            "eve",
            append("ada:out", &["1"]),
            Code::UnknownEntity,
            "sender",
        ),
        (
            "ada",
            append("ada:none", &["1"]),
            Code::UnknownStream,
            "stream",
        ),
        (
            "world",
            append("eve:out", &["1"]),
            Code::UnknownStream,
            "stream",
        ),
        (
            "ada",
            Command::RemoveStream {
                stream: stream("ada:none"),
            },
            Code::UnknownStream,
            "stream",
        ),
        (
            "world",
            put("eve:out", StreamType::Text),
            Code::UnknownEntity,
            "owner",
        ),
        (
            "ada",
            put("ada:out", StreamType::Text),
            Code::Conflict,
            "type",
        ),
    ];
    refuses(&mut story, table);
}

#[test]
fn what_is_no_sample_of_a_stream_is_refused() {
    use RejectionCode as Code;
    let mut story = begin();
    story.send("ada", append("ada:out", &["1"])).unwrap();
    let tensor = |shape: &[u32]| StreamType::Tensor {
        shape: shape.to_vec(),
    };
    let many = vec!["1"; 10_001];
    let large: Vec<String> = (0..8)
        .map(|_| format!("\"{}\"", "x".repeat(60_000)))
        .collect();
    let large: Vec<&str> = large.iter().map(String::as_str).collect();
    story
        .send("bob", put("bob:text", StreamType::Text))
        .unwrap();
    let table = vec![
        (
            "ada",
            put("ada:t", tensor(&[])),
            Code::Invalid,
            "type.tensor.shape",
        ),
        ("ada", append("ada:out", &[]), Code::Invalid, "samples"),
        (
            "ada",
            append("ada:out", &["1", "\"2\""]),
            Code::Invalid,
            "samples[1]",
        ),
        ("ada", append("ada:out", &many), Code::TooLarge, "samples"),
        ("bob", append("bob:text", &large), Code::TooLarge, "samples"),
        (
            "ada",
            append_tagged("ada:out", &["1", "2"], Some(&[9, 9])),
            Code::Invalid,
            "tags[1]",
        ),
        (
            "ada",
            append_tagged("ada:out", &["1"], Some(&[0])),
            Code::Invalid,
            "tags[0]",
        ),
    ];
    refuses(&mut story, table);
}

#[test]
fn a_stream_is_declared_again_without_harm() {
    let mut story = begin();
    let again = story
        .send("ada", put("ada:out", StreamType::Number))
        .unwrap();
    assert!(again.is_empty());
    // The type of an empty one may change.
    let events = story
        .send("world", put("ada:out", StreamType::Json))
        .unwrap();
    assert_eq!(types(&events), ["stream.declared"]);
    story.send("ada", append("ada:out", &["{}"])).unwrap();
    let private = Command::PutStream(PutStream {
        stream: stream("ada:out"),
        stream_type: StreamType::Json,
        public: false,
        range: None,
    });
    story.send("ada", private).unwrap();
    let shown = show(&story, GetStreams::default());
    let [shown] = &shown["items"].as_array().unwrap()[..] else {
        panic!("{shown}");
    };
    let declared_at = shown["declared_at"].clone();
    let expected = json!({
        "stream": "ada:out", "owner": "ada", "name": "out", "type": "json", "public": false,
        "length": 1, "last_tag": 0, "declared_at": declared_at,
    });
    assert_eq!(*shown, expected);
    assert_eq!(
        show_request(&story, &ViewRequest::Whole)["streams"]["ada:out"],
        expected
    );
    // The world itself may own some.
    story
        .send("world", put("world:clock", StreamType::Number))
        .unwrap();
    story.send("world", append("world:clock", &["1"])).unwrap();
}

#[test]
fn a_stream_ends_with_its_owner_and_one_of_its_name_begins_anew() {
    let remove_stream = || Command::RemoveStream {
        stream: stream("bob:out"),
    };
    let remove_entity = || Command::RemoveEntity {
        entity: "bob".parse().unwrap(),
    };
    for remove in [remove_stream(), remove_entity()] {
        let mut story = begin();
        story
            .send("bob", put("bob:out", StreamType::Number))
            .unwrap();
        story.send("bob", append("bob:out", &["1", "2"])).unwrap();
        story.send("ada", append("ada:out", &["1"])).unwrap();
        story.send("world", remove).unwrap();
        assert_eq!(batches(&story, "bob:out", 0, 9), Value::Null);
        assert_eq!(batches(&story, "ada:out", 0, 9), json!([[0, 5]]));
        let _ = story.send(
            "world",
            Command::CreateEntity(entity("bob", EntityKind::User)),
        );
        story.send("bob", put("bob:out", StreamType::Text)).unwrap();
        assert_eq!(batches(&story, "bob:out", 0, 9), json!([]));
        let events = story.send("bob", append("bob:out", &["\"a\""])).unwrap();
        assert_eq!(appended(&events).first, 0);
        let seq = story.log.len();
        assert_eq!(batches(&story, "bob:out", 0, 9), json!([[0, seq]]));
        assert_eq!(hash(&story.replayed()), hash(&story.world));
    }
}

#[test]
fn the_commits_of_a_range_are_those_that_hold_its_samples() {
    let mut story = begin();
    for samples in [&["0", "1"][..], &["2"], &["3", "4", "5"]] {
        story.send("ada", append("ada:out", samples)).unwrap();
        story.say("meanwhile");
    }
    for (from, limit, expected) in [
        (0, 1, json!([[0, 3]])),
        (1, 1, json!([[0, 3]])),
        (1, 2, json!([[0, 3], [2, 5]])),
        (4, 9, json!([[3, 7]])),
        (0, 9, json!([[0, 3], [2, 5], [3, 7]])),
        (99, 9, json!([[3, 7]])),
    ] {
        assert_eq!(
            batches(&story, "ada:out", from, limit),
            expected,
            "{from} {limit}"
        );
    }
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn streams_are_listed_by_owner_and_name_page_by_page() {
    let mut story = begin();
    for name in ["ada:in", "bob:b", "bob:a", "guest:x"] {
        story.send("world", put(name, StreamType::Json)).unwrap();
    }
    for (owner, after, limit, expected, next) in [
        (
            None,
            None,
            None,
            &["ada:in", "ada:out", "bob:a", "bob:b", "guest:x"][..],
            None,
        ),
        (None, None, Some(2), &["ada:in", "ada:out"], Some("ada:out")),
        (
            None,
            Some("ada:out"),
            Some(2),
            &["bob:a", "bob:b"],
            Some("bob:b"),
        ),
        (Some("bob"), None, None, &["bob:a", "bob:b"], None),
        (Some("bob"), Some("bob:a"), None, &["bob:b"], None),
        (Some("bob"), Some("ada:z"), None, &["bob:a", "bob:b"], None),
        (Some("ada"), Some("bob:a"), None, &[], None),
        (Some("eve"), None, Some(2), &[], None),
    ] {
        let page = show(
            &story,
            GetStreams {
                owner: owner.map(|owner: &str| owner.parse().unwrap()),
                after: after.map(stream),
                limit,
            },
        );
        let items = page["items"].as_array().unwrap();
        let found: Vec<&str> = items
            .iter()
            .map(|item| item["stream"].as_str().unwrap())
            .collect();
        assert_eq!(found, expected);
        assert_eq!(page["next"].as_str(), next);
    }
}

#[test]
fn an_entity_has_at_most_1000_streams() {
    let mut story = begin();
    let declare = |story: &mut Story, index: usize| -> Result<_, Rejection> {
        story.send("ada", put(&format!("ada:s{index}"), StreamType::Json))
    };
    for index in 0..999 {
        declare(&mut story, index).unwrap();
    }
    let refused = declare(&mut story, 999).unwrap_err();
    assert_eq!(refused.code, RejectionCode::TooLarge);
    assert_eq!(refused.field.as_deref(), Some("owner"));
}
