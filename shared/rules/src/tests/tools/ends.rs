//! What ends an answer that is under way, and that everything does end.

use contract::Command;
use contract::run::RunResult;
use contract::tool::{Permission, Verdict};
use proptest::prelude::*;

use super::super::{Story, hash, post, types};
use super::{access, call, question};

#[test]
fn whatever_ends_an_answer_ends_its_calls() {
    fn chat() -> contract::ChatId {
        "main".parse().unwrap()
    }
    type End = fn(&Story) -> Command;
    let ends: &[(&str, End)] = &[
        ("stop", |_| Command::StopChat { chat: chat() }),
        ("delete", |_| Command::DeleteChat {
            chat: chat(),
            replacement: None,
        }),
        ("remove", |_| Command::RemoveEntity {
            entity: "ada".parse().unwrap(),
        }),
        ("take back", |story| Command::RemoveMessage {
            chat: chat(),
            message: story.message("main", 0),
        }),
    ];
    for (name, end) in ends {
        for returned in [false, true] {
            let mut story = Story::with_tools(&["ada"], &access(Permission::Ask));
            story.say("hello");
            story
                .calls(&[call("1", "read"), call("2", "write")])
                .unwrap();
            if returned {
                story.returns(story.open()[0], "text");
            }
            let events = story.send("guest", end(&story)).unwrap();
            let types = types(&events);
            let count = |wanted: &str| types.iter().filter(|kind| **kind == wanted).count();
            assert_eq!(
                count("action.cancelled"),
                usize::from(!returned),
                "{name} {types:?}"
            );
            assert_eq!(count("approval.ended"), 1, "{name} {types:?}");
            assert_eq!(count("chat.turn_ended"), 1, "{name} {types:?}");
            assert!(
                story.waiting().is_empty() && story.open().is_empty(),
                "{name}"
            );
            assert!(
                story.world.schedule.first().is_none() && story.world.chats.open_turns() == 0,
                "{name}"
            );
            assert_eq!(hash(&story.replayed()), hash(&story.world), "{name}");
        }
    }
}

proptest! {
    /// No matter what agents call and people decide meanwhile, all of it ends, and the log gives the same state.
    #[test]
    fn every_call_and_every_turn_ends(
        steps in prop::collection::vec((0..9_u8, any::<prop::sample::Index>()), 1..60),
    ) {
        let mut story = Story::with_tools(&["ada", "bob"], &access(Permission::Ask));
        for (kind, pick) in steps {
            let open = story.open();
            let run = (!open.is_empty()).then(|| *pick.get(&open));
            let waiting = story.waiting();
            let approval = (!waiting.is_empty()).then(|| pick.get(&waiting).id);
            match (kind, run, approval) {
                (0, ..) => drop(story.say("hello")),
                (1, ..) => drop(story.send("guest", post("@ada again"))),
                (2 | 3, Some(run), _) => {
                    let calls = vec![call("1", "read"), call("2", "write"), question(&["a"])];
                    let completed = RunResult { calls, ..RunResult::default() };
                    drop(story.complete(run, completed));
                }
                (4, Some(run), _) => drop(story.answer(run, "@bob well")),
                (5, _, Some(approval)) => {
                    let verdict = Verdict::Approved;
                    drop(story.send("guest", Command::Decide { approval, verdict }));
                }
                (6, _, Some(approval)) => {
                    let verdict = Verdict::Denied { reason: String::new() };
                    drop(story.send("guest", Command::Decide { approval, verdict }));
                }
                (7, ..) => drop(story.send("guest", Command::StopChat { chat: "main".parse().unwrap() })),
                (8, ..) if !story.messages("main").is_empty() => {
                    let message = story.message("main", 0);
                    drop(story.send("guest", Command::RemoveMessage {
                        chat: "main".parse().unwrap(),
                        message,
                    }));
                }
                _ => {}
            }
            prop_assert!(!story.world.chats.has_work());
        }
        prop_assert_eq!(hash(&story.replayed()), hash(&story.world));
        loop {
            if let [approval, ..] = &story.waiting()[..] {
                let (approval, verdict) = (approval.id, Verdict::Denied { reason: String::new() });
                story.send("guest", Command::Decide { approval, verdict }).unwrap();
            } else if let [run, ..] = story.open()[..] {
                story.answer(run, "done").unwrap();
            } else {
                break;
            }
        }
        prop_assert!(story.world.chats.open_turns() == 0);
        prop_assert!(story.world.schedule.first().is_none());
        prop_assert!(story.world.chats.iter().all(|(_, chat)| chat.answering().next().is_none()));
    }
}
