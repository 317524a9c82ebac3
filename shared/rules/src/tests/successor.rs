//! A world that is created behind a deleted one of its id.

use contract::run::RunResult;
use contract::{
    Chat, Command, CommandId, CommandRequest, EntityKind, RejectionCode, RunOutcome, WorldSpec,
};
use uuid::{NoContext, Uuid};

use super::{Story, entity, hash, post, types};
use crate::{World, replay, step};

fn create(story: &mut Story) -> Vec<contract::Event> {
    let spec = WorldSpec {
        entities: vec![
            entity("ada", EntityKind::Agent),
            entity("guest", EntityKind::User),
        ],
        chats: vec![Chat::new("main".parse().unwrap())],
        ..WorldSpec::default()
    };
    story.send("world", Command::CreateWorld(spec)).unwrap()
}

fn command_at(second: u64) -> CommandId {
    let time = uuid::Timestamp::from_unix(NoContext, second, 0);
    CommandId(Uuid::new_v7(time))
}

#[test]
fn a_world_begins_anew_behind_its_deletion() {
    let mut story = Story::begin(&["ada"]);
    story.say("hello");
    let run = story.open()[0];
    let before = command_at(story.now.as_unix_ms() as u64 / 1000);
    let of_old = story.log[0].commands[0].id;
    assert!(
        story
            .world
            .lookup_command(of_old, story.world.at)
            .unwrap()
            .is_some()
    );
    // Its runs are cancelled, so that workers stop.
    let events = story.send("world", Command::DeleteWorld).unwrap();
    assert_eq!(types(&events), ["action.cancelled", "world.deleted"]);
    let refused = story.send("guest", post("too late")).unwrap_err();
    assert_eq!(refused.code, RejectionCode::WorldDeleted);

    let seq = story.world.seq;
    let deletion = story.log.last().unwrap().commands[0].id;
    let events = create(&mut story);
    assert_eq!(types(&events)[0], "world.created");
    assert_eq!(story.world.seq, seq + 1);
    assert!(story.world.exists() && story.messages("main").is_empty());
    assert!(story.open().is_empty());
    story.replays();

    // A repeated deletion gets its answer; whatever else was sent before it is too old.
    let repeated = story
        .world
        .lookup_command(deletion, story.world.at)
        .unwrap()
        .unwrap();
    assert_eq!(repeated.seq, seq);
    for id in [of_old, before] {
        let refused = story.world.lookup_command(id, story.world.at).unwrap_err();
        assert_eq!(refused.code, RejectionCode::Expired);
    }
    assert_eq!(
        story.world.lookup_command(CommandId::new(), story.world.at),
        Ok(None)
    );

    // A worker with an old run changes nothing.
    let outcome = RunOutcome::Completed(RunResult::default());
    let late = story.send("world", Command::Complete { run, outcome });
    assert_eq!(late.unwrap_err().code, RejectionCode::AlreadyEnded);
    let request = CommandRequest {
        id: CommandId::new(),
        sender: "ada".parse().unwrap(),
        command: post("from an old run"),
        run: Some(run),
        trace: None,
        principal: None,
    };
    let late = step(&mut story.world, &request, story.now).unwrap_err();
    assert_eq!(late.code, RejectionCode::AlreadyEnded);

    // A log that was cleared up to the deletion is the same world.
    let mut cleared = World::new(story.world.id.clone());
    for (seq, commit) in (seq..).zip(&story.log[usize::try_from(seq - 1).unwrap()..]) {
        replay(&mut cleared, seq, commit).unwrap();
    }
    assert_eq!(hash(&cleared), hash(&story.world));

    // And the new world works.
    story.say("hello again");
    let run = story.open()[0];
    let request = CommandRequest {
        run: Some(run),
        id: CommandId::new(),
        ..request
    };
    step(&mut story.world, &request, story.now).unwrap();
}

#[test]
fn a_world_is_created_once_until_it_is_deleted() {
    let mut story = Story::begin(&[]);
    for _ in 0..3 {
        let again = Command::CreateWorld(WorldSpec::default());
        let refused = story.send("world", again).unwrap_err();
        assert_eq!(refused.code, RejectionCode::AlreadyExists);
        story.send("world", Command::DeleteWorld).unwrap();
        let apply = Command::ApplyWorld(WorldSpec::default());
        let events = story.send("world", apply).unwrap();
        assert_eq!(types(&events)[0], "world.created");
    }
    story.replays();
}

#[test]
fn a_world_that_begins_again_has_nothing_of_the_one_before() {
    let mut story = Story::begin(&["ada"]);
    story.say("hello");
    let fresh = Story::begin(&["bob"]);
    let mut late = story.world.clone();
    replay(&mut late, 500, &fresh.log[0]).unwrap();
    let mut right = World::new("w".parse().unwrap());
    replay(&mut right, 500, &fresh.log[0]).unwrap();
    assert_eq!(hash(&late), hash(&right));
}
