//! Chats as stories: limits, titles, new chats, what is taken back, what an agent remembers.

mod open_chat;

use contract::brain::{Brain, Llm, Provider};
use contract::chat::TitleSource;
use contract::command::{EntityUpdate, WorldUpdate};
use contract::world::ChatModel;
use contract::{AgentConfig, Chat, ChatId, Command, EntityKind, MessageId};

use super::{Story, context, entity, types};

pub(super) fn chat_id(id: &str) -> ChatId {
    id.parse().unwrap()
}

impl Story {
    /// The messages of a chat: sender and text.
    pub(super) fn messages(&self, chat: &str) -> Vec<(String, String)> {
        let tail = self.world.chats.get(&chat_id(chat)).unwrap().tail();
        tail.iter()
            .map(|message| (message.sender.to_string(), message.text.clone()))
            .collect()
    }

    pub(super) fn chat(&self, id: &str) -> &Chat {
        self.world.chats.get(&chat_id(id)).unwrap().chat()
    }

    pub(super) fn answer_first(&mut self, text: &str) -> Vec<contract::Event> {
        let [run, ..] = self.open()[..] else {
            panic!("somebody has to answer")
        };
        self.answer(run, text).unwrap()
    }

    /// The texts that the agent whose turn is first is shown.
    pub(super) fn shown(&self) -> Vec<String> {
        let context = context(&self.world, self.open()[0]).unwrap();
        context
            .messages
            .into_iter()
            .map(|message| message.text)
            .collect()
    }

    pub(super) fn message(&self, chat: &str, index: usize) -> MessageId {
        self.world.chats.get(&chat_id(chat)).unwrap().tail()[index].id
    }
}

#[test]
fn an_agent_that_had_its_turns_says_so_once_until_somebody_opens_a_turn() {
    let mut story = Story::begin(&["ada", "bob"]);
    story
        .send(
            "world",
            Command::UpdateWorld(WorldUpdate {
                turn_limit: Some(2),
                ..WorldUpdate::default()
            }),
        )
        .unwrap();
    for _ in 0..2 {
        story.say("@ada go");
        let mut notices = Vec::new();
        while !story.open().is_empty() {
            let events = story.answer_first("@ada\n@bob go");
            notices.extend(
                events
                    .into_iter()
                    .filter(|event| event.data.get().contains("\"notice\":true")),
            );
        }
        let senders: Vec<&str> = notices.iter().map(|event| event.sender.as_str()).collect();
        assert_eq!(
            senders,
            ["ada"],
            "the last answer is bob's, and bob needs no notice"
        );
        assert!(
            notices[0]
                .data
                .get()
                .contains("@human Turn limit reached (2 LLM calls).")
        );
    }
    let notice = |(_, text): &(String, String)| text.contains("Turn limit");
    assert!(
        !story.messages("main").iter().any(notice),
        "a notice is remembered"
    );
}

#[test]
fn the_main_agent_answers_a_message_that_addresses_nobody() {
    let mut story = Story::begin(&["ada", "bob"]);
    let change = WorldUpdate {
        main_agent: Some("Bob".into()),
        ..WorldUpdate::default()
    };
    story.send("world", Command::UpdateWorld(change)).unwrap();
    for (text, answerers) in [
        ("hello", vec!["bob"]),
        ("ask @ada later", vec!["bob"]),
        ("@ada hello", vec!["ada"]),
    ] {
        story.say(text);
        let agents: Vec<&str> = story
            .world
            .runs
            .iter()
            .map(|(_, run)| run.entity.as_str())
            .collect();
        assert_eq!(agents, answerers, "{text}");
        story.answer_first("yes");
    }
    let texts: Vec<String> = story
        .messages("main")
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    assert_eq!(texts[0], "hello", "what was said stays as it was");
}

#[test]
fn an_answer_is_made_ready_before_it_is_posted() {
    let mut story = Story::begin(&["ada", "bob"]);
    story.say("@ada go");
    story.answer_first("@ada @bob what do you say?");
    story.answer_first("nothing");
    assert_eq!(
        story.messages("main")[1..],
        [
            ("ada".to_owned(), "@bob what do you say?".to_owned()),
            ("bob".to_owned(), "@ada nothing".to_owned()),
        ]
    );
    // Who says nothing ends the exchange without a message.
    let events = story.answer_first("<world>STOP</world>");
    assert_eq!(types(&events), ["action.completed", "chat.turn_ended"]);
}

#[test]
fn the_first_thing_a_person_says_is_the_title_unless_a_person_gave_one() {
    let mut story = Story::begin(&["ada"]);
    story.say("hi");
    assert_eq!(story.chat("main").titled, TitleSource::Default);
    story.say("Plan my trip to Rome");
    assert_eq!(
        (story.chat("main").title.as_str(), story.chat("main").titled),
        ("Plan my trip to Rome", TitleSource::Auto)
    );
    story.say("Something else");
    assert_eq!(story.chat("main").title, "Plan my trip to Rome");
    let title = |title: &str| Command::UpdateChat {
        chat: chat_id("main"),
        title: Some(title.into()),
        agents: None,
    };
    story.send("guest", title("Holidays")).unwrap();
    assert_eq!(story.chat("main").titled, TitleSource::Manual);
    story.say("And now this");
    assert_eq!(story.chat("main").title, "Holidays");
    story.send("guest", title("New Chat")).unwrap();
    story.say("A new beginning");
    assert_eq!(story.chat("main").title, "A new beginning");
}

pub(super) fn with_model(story: &mut Story, system_prompt: &str) {
    let llm = Llm {
        system_prompt: system_prompt.into(),
        ..serde_json::from_str::<Llm>(r#"{"provider": "openai", "model": "m"}"#).unwrap()
    };
    assert_eq!(llm.provider, Provider::Openai);
    let change = EntityUpdate {
        kind: None,
        description: None,
        abilities: None,
        entity: "ada".parse().unwrap(),
        name: None,
        agent: Some(AgentConfig {
            brain: Brain::Llm(Box::new(llm)),
            ..AgentConfig::default()
        }),
        metadata: None,
    };
    story.send("world", Command::UpdateEntity(change)).unwrap();
}

#[test]
fn a_model_names_a_chat_once_when_it_falls_silent() {
    // What the model answers, what a person calls the chat meanwhile, and the title in the end.
    for (output, called, expected) in [
        (r#"{"title": "Title: \"A Trip\"."}"#, None, "A Trip"),
        (r#"{"title": "chat"}"#, None, "Plan my trip to Rome"),
        (r#"{"title": "A Trip"}"#, Some("Holidays"), "Holidays"),
        (r#"{"name": "rubbish"}"#, None, "Plan my trip to Rome"),
    ] {
        let mut story = Story::begin(&["ada"]);
        with_model(&mut story, "");
        story.say("Plan my trip to Rome");
        let events = story.answer_first("with pleasure");
        assert_eq!(types(&events)[2..], ["chat.turn_ended", "action.requested"]);
        let [title] = story.open()[..] else {
            panic!("a title is asked for")
        };
        let shown = context(&story.world, title).unwrap().messages;
        assert_eq!(shown.len(), 2);
        if let Some(title) = called {
            let title = Some(title.to_owned());
            let chat = chat_id("main");
            let agents = None;
            story
                .send(
                    "guest",
                    Command::UpdateChat {
                        chat,
                        title,
                        agents,
                    },
                )
                .unwrap();
        }
        let result = serde_json::value::RawValue::from_string(output.to_owned()).ok();
        let outcome = contract::RunOutcome::Completed(contract::run::RunResult {
            output: result,
            ..Default::default()
        });
        let run = title;
        story
            .send("world", Command::Complete { run, outcome })
            .unwrap();
        assert_eq!(story.chat("main").title, expected, "{output}");
        story.say("more");
        story.answer_first("yes");
        assert!(story.open().is_empty(), "it is asked for once");
    }
}

#[test]
fn a_new_chat_is_one_that_nobody_has_used() {
    let mut story = Story::begin(&["ada"]);
    let new = |id: &str| {
        Command::NewChat(Chat {
            title: "New Chat".into(),
            ..Chat::new(chat_id(id))
        })
    };
    let current = |story: &Story| story.world.chats.current().map(ToString::to_string);
    // The chat that the world began with is unused.
    story.send("guest", new("a")).unwrap();
    assert_eq!(current(&story).as_deref(), Some("main"));
    story.say("hello there, Ada");
    assert_eq!(
        types(&story.send("guest", new("a")).unwrap()),
        ["chat.created", "chat.opened"]
    );
    assert_eq!(types(&story.send("guest", new("b")).unwrap()), [""; 0]);
    assert_eq!(current(&story).as_deref(), Some("a"));
    story
        .send(
            "guest",
            Command::OpenChat {
                chat: chat_id("main"),
            },
        )
        .unwrap();
    assert_eq!(
        types(&story.send("guest", new("b")).unwrap()),
        ["chat.opened"]
    );
    story
        .send(
            "guest",
            Command::DeleteChat {
                chat: chat_id("a"),
                replacement: None,
            },
        )
        .unwrap();
    assert_eq!(current(&story), None);
    assert!(
        story
            .send("guest", Command::OpenChat { chat: chat_id("a") })
            .is_err()
    );
}

#[test]
fn what_is_taken_back_takes_all_that_followed_with_it() {
    let mut story = Story::begin(&["ada"]);
    story.say("one");
    story.answer_first("I");
    story.say("two");
    let (first, second) = (story.message("main", 0), story.message("main", 2));
    let answer = story.message("main", 1);
    let remove = |message| Command::RemoveMessage {
        chat: chat_id("main"),
        message,
    };
    // Its answer is cancelled.
    let events = story.send("guest", remove(second)).unwrap();
    assert_eq!(
        types(&events),
        ["message.removed", "action.cancelled", "chat.turn_ended"]
    );
    assert_eq!(story.messages("main").len(), 2);
    for (message, field) in [(second, "message"), (answer, "message")] {
        let rejection = story.send("guest", remove(message)).unwrap_err();
        assert_eq!(rejection.field.as_deref(), Some(field));
    }
    let edit = Command::EditMessage {
        chat: chat_id("main"),
        message: first,
        text: "uno".into(),
    };
    let events = story.send("guest", edit).unwrap();
    assert_eq!(
        types(&events),
        ["message.removed", "message.posted", "action.requested"]
    );
    assert_eq!(
        story.messages("main"),
        [("guest".to_owned(), "uno".to_owned())]
    );
    assert_eq!(story.message("main", 0), events[1].id.message());
    story.answer_first("I again");
    assert!(story.world.chats.open_turns() == 0 && !story.world.chats.has_work());
    assert_eq!(super::hash(&story.replayed()), super::hash(&story.world));
}

#[test]
fn a_message_is_edited_while_it_is_answered_and_others_wait() {
    let mut story = Story::begin(&["ada"]);
    story.say("one");
    story.say("two");
    story.say("three");
    let edit = Command::EditMessage {
        chat: chat_id("main"),
        message: story.message("main", 0),
        text: "uno".into(),
    };
    let events = story.send("guest", edit).unwrap();
    assert_eq!(
        types(&events)[..3],
        ["message.removed", "message.posted", "action.cancelled"]
    );
    assert_eq!(story.shown(), ["uno"]);
    story.answer_first("I");
    assert!(story.open().is_empty() && story.world.chats.open_turns() == 0);
}

#[test]
fn a_branch_begins_with_what_was_posted() {
    let mut story = Story::begin(&["ada"]);
    story.say("one");
    story.answer_first("I");
    story.say("two");
    story.answer_first("II");
    let message = story.message("main", 1);
    let branch = |new: &str| Command::BranchChat {
        chat: chat_id("main"),
        message,
        new: chat_id(new),
    };
    story.send("guest", branch("side")).unwrap();
    assert_eq!(story.messages("side"), story.messages("main")[..2]);
    assert_eq!(story.chat("side").branch.as_ref().unwrap().message, message);
    assert_eq!(story.world.chats.current(), Some(&chat_id("side")));
    assert_eq!(
        story
            .send("guest", branch("side"))
            .unwrap_err()
            .field
            .as_deref(),
        Some("new")
    );
    assert_eq!(super::hash(&story.replayed()), super::hash(&story.world));
}

#[test]
fn an_agent_is_shown_what_was_for_it_and_what_it_posted() {
    let mut story = Story::begin(&["ada", "bob"]);
    story.say("@bob only you");
    story.answer_first("it is a secret");
    story.say("@ada and you");
    story.answer_first("hello");
    story.say("@ada more");
    story.say("@ada and more");
    assert_eq!(story.shown(), ["@ada and you", "hello", "@ada more"]);
    story.answer_first("yes");
    // What it answered meanwhile comes before what it answers now.
    assert_eq!(
        story.shown(),
        ["@ada and you", "hello", "@ada more", "yes", "@ada and more"]
    );
    let forget = Command::ForgetMemory {
        agent: "ada".parse().unwrap(),
    };
    story.send("guest", forget).unwrap();
    assert_eq!(story.shown(), ["@ada and more"]);
}

#[test]
fn a_prompt_is_filled_with_the_variables_of_the_world() {
    let mut story = Story::begin(&["ada"]);
    with_model(&mut story, "You live in {{CITY}}.");
    let change = WorldUpdate {
        variables: Some("CITY=Rome".into()),
        ..WorldUpdate::default()
    };
    story.send("world", Command::UpdateWorld(change)).unwrap();
    story.say("where are you?");
    let context = context(&story.world, story.open()[0]).unwrap();
    let Some(Brain::Llm(llm)) = context.entity.agent.map(|agent| agent.brain) else {
        panic!("a language model")
    };
    assert_eq!(llm.system_prompt, "You live in Rome.");
}

#[test]
fn messages_of_objects_are_answered_as_those_of_agents() {
    let mut story = Story::begin(&["ada"]);
    story
        .send(
            "world",
            Command::CreateEntity(entity("bell", EntityKind::Object)),
        )
        .unwrap();
    for (text, answers) in [("ding", 0), ("@ada ding", 1)] {
        let post = Command::PostMessage {
            chat: chat_id("main"),
            text: text.into(),
            in_reply_to: None,
        };
        story.send("bell", post).unwrap();
        assert_eq!(story.open().len(), answers, "{text}");
    }
}

#[test]
fn a_worlds_own_model_names_its_chats() {
    let mut story = Story::begin(&["ada"]);
    let chat_model = |model: &str| {
        Command::UpdateWorld(WorldUpdate {
            chat_model: Some(ChatModel {
                provider: Provider::Ollama,
                model: model.into(),
                base_url: None,
            }),
            ..WorldUpdate::default()
        })
    };
    story.send("world", chat_model("small")).unwrap();
    story.say("hello");
    let events = story.answer_first("hi");
    assert_eq!(types(&events).last(), Some(&"action.requested"));
    let run_context = context(&story.world, story.open()[0]).unwrap();
    let Brain::Llm(llm) = run_context.entity.agent.unwrap().brain else {
        panic!("a title needs a model")
    };
    assert_eq!(
        (llm.provider, llm.model.as_str()),
        (Provider::Ollama, "small")
    );
    story.send("world", chat_model("")).unwrap();
    assert_eq!(story.world.description.unwrap().chat_model, None);
}
