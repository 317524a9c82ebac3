//! How much the models of a world reason: its variable holds for those that have no setting of their own.

use contract::brain::{Llm, Provider};
use contract::command::{EntityUpdate, WorldUpdate};
use contract::world::ChatDialect;
use contract::{AgentConfig, Brain, Command};
use serde_json::json;

use super::Story;
use crate::context;

fn set_model(story: &mut Story, provider: Provider, own: Option<&str>) {
    let mut llm: Llm = serde_json::from_value(json!({"provider": "openai", "model": "m"})).unwrap();
    llm.provider = provider;
    llm.options.reasoning_effort = own.map(str::to_owned);
    let update = EntityUpdate {
        entity: "ada".parse().unwrap(),
        kind: None,
        name: None,
        description: None,
        agent: Some(AgentConfig {
            brain: Brain::Llm(Box::new(llm)),
            ..AgentConfig::default()
        }),
        abilities: None,
        metadata: None,
    };
    story.send("world", Command::UpdateEntity(update)).unwrap();
}

fn set_world(story: &mut Story, update: WorldUpdate) {
    story.send("world", Command::UpdateWorld(update)).unwrap();
}

fn effort(story: &mut Story) -> Option<String> {
    story.say("think");
    let run = story.open()[0];
    let context = context(&story.world, run).unwrap();
    let Some(Brain::Llm(llm)) = context.entity.agent.map(|agent| agent.brain) else {
        panic!("a language model")
    };
    story.answer(run, "done").unwrap();
    llm.options.reasoning_effort
}

#[test]
fn the_variable_of_a_world_holds_for_models_without_a_setting() {
    use Provider::{Anthropic, Gemini, Ollama, Openai, Xai};
    for (variable, provider, own, expected) in [
        (None, Openai, None, None),
        (Some("low"), Openai, None, Some("low")),
        (Some(" HIGH "), Xai, None, Some("high")),
        (Some("low"), Openai, Some("high"), Some("high")),
        (Some("default"), Openai, None, None),
        (Some(""), Openai, None, None),
        (Some("none"), Openai, None, Some("none")),
        (Some("none"), Ollama, None, Some("false")),
        (Some("none"), Anthropic, None, None),
        (Some("none"), Gemini, None, None),
        (Some("medium"), Gemini, None, Some("medium")),
    ] {
        let mut story = Story::begin(&["ada"]);
        set_model(&mut story, provider, own);
        let variables = variable.map(|value| format!("CITY=Rome\nreasoning_effort={value}\n"));
        set_world(
            &mut story,
            WorldUpdate {
                variables,
                ..WorldUpdate::default()
            },
        );
        let found = effort(&mut story);
        assert_eq!(
            found.as_deref(),
            expected,
            "{variable:?} {provider:?} {own:?}"
        );
    }
}

#[test]
fn in_a_plain_world_a_variable_is_only_a_variable() {
    let mut story = Story::begin(&["ada"]);
    set_model(&mut story, Provider::Openai, None);
    set_world(
        &mut story,
        WorldUpdate {
            variables: Some("reasoning_effort=low".to_owned()),
            chat_dialect: Some(ChatDialect::Plain),
            ..WorldUpdate::default()
        },
    );
    assert_eq!(effort(&mut story), None);
}
