//! What a world's dialect changes.

use contract::Command;
use contract::command::WorldUpdate;
use contract::fact::MessagePosted;
use contract::world::ChatDialect;

use super::{Story, context};

#[test]
fn in_a_plain_world_a_text_is_only_a_text() {
    let mut story = Story::begin(&["ada", "bob"]);
    let plain = |main_agent: &str| {
        Command::UpdateWorld(WorldUpdate {
            chat_dialect: Some(ChatDialect::Plain),
            main_agent: Some(main_agent.to_owned()),
            turn_limit: Some(1),
            ..WorldUpdate::default()
        })
    };
    story.send("world", plain("")).unwrap();
    for text in ["hello", "@ada hi", "ask @nobody", "Turn limit reached"] {
        story.say(text);
        assert_eq!(story.open().len(), 2, "{text}");
        for answer in ["@bob what do you think?", "<world>TO: ada</world> go"] {
            let events = story.answer_first(answer);
            let posted: Vec<&str> = events
                .iter()
                .filter(|event| event.event_type.as_str() == "message.posted")
                .map(|event| event.data.get())
                .collect();
            assert_eq!(posted.len(), 1, "nobody says that it reached its limit");
            let posted: MessagePosted = serde_json::from_str(posted[0]).unwrap();
            assert_eq!(posted.text, answer);
            assert_eq!(posted.answerers, []);
        }
        assert!(story.open().is_empty(), "agents answer no agents");
    }
    story.send("world", plain("bob")).unwrap();
    story.say("@ada hi");
    let run = story.open()[0];
    assert_eq!(story.world.runs.get(run).unwrap().entity.as_str(), "bob");
    // All that was posted is what the model is shown.
    assert_eq!(context(&story.world, run).unwrap().messages.len(), 13);
}
