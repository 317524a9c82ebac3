//! What a language model is told that decides for an agent. Pure.

use std::fmt::Write;

use contract::brain::Llm;
use contract::mind::{MemoryEntry, MindContext};
use contract::{AgentConfig, Entity};

use super::Minded;

/// How an agent acts.
const RULES: &str = "You act by calling tools. What you call is done, and what came of it is among \
                     the events, before you are asked again. Call `plan` beside it when your plan \
                     changes. When there is nothing to do now, or you wait for something, call \
                     `sleep`: what you wait for wakes you.";

/// Who the agent is, where it is, and what it is after, before its own prompt.
pub(super) fn system(model: &Llm, minded: Minded<'_>) -> Llm {
    let Minded {
        context,
        config,
        situation,
        ..
    } = minded;
    let mut text = whereabouts(&context.entity, situation);
    goals(&mut text, config);
    text.push_str(RULES);
    if !model.system_prompt.is_empty() {
        text.push_str("\n\n");
        text.push_str(&model.system_prompt);
    }
    Llm {
        system_prompt: text,
        ..model.clone()
    }
}

fn whereabouts(agent: &Entity, situation: &MindContext) -> String {
    let mut text = format!("Your id is {}.", agent.id);
    for (before, it) in [
        (" ", agent.description.as_str()),
        ("\nYou are in the world ", situation.world_name.as_str()),
        (": ", situation.world_description.as_str()),
        (
            "\nYour place is ",
            agent.location.as_deref().unwrap_or_default(),
        ),
    ] {
        if !it.is_empty() {
            text.push_str(before);
            text.push_str(it);
        }
    }
    text.push('\n');
    text
}

fn goals(text: &mut String, config: &AgentConfig) {
    let goals = config.mind.iter().flat_map(|mind| &mind.goals);
    let goals: Vec<String> = goals.map(|goal| format!("- {goal}\n")).collect();
    if !goals.is_empty() {
        text.push_str("What you are after:\n");
        text.extend(goals);
    }
}

/// What the agent knows, and what it is asked.
pub(super) fn question(situation: &MindContext, next: Option<&str>) -> String {
    let mut text = knowledge(situation);
    if let Some(cause) = &situation.cause {
        let _ = writeln!(text, "What woke you:\n{}", line(cause));
    }
    if situation.step > 0 {
        let _ = writeln!(text, "Since then you were asked {} times.", situation.step);
    }
    match next {
        Some(next) => {
            let _ = write!(text, "Now you must call `{next}`.");
        }
        None => text.push_str("What do you do now?"),
    }
    text
}

fn knowledge(situation: &MindContext) -> String {
    let mut text = String::new();
    if !situation.summary.is_empty() {
        let _ = writeln!(text, "What happened before:\n{}\n", situation.summary);
    }
    if !situation.memory.is_empty() {
        text.push_str("What you remember, oldest first, an event a line:\n");
        for event in &situation.memory {
            text.push_str(&line(event));
            text.push('\n');
        }
        text.push('\n');
    }
    if !situation.thoughts.is_empty() {
        text.push_str("What you thought:\n");
        for (about, thought) in &situation.thoughts {
            let _ = writeln!(text, "- {about}: {thought}");
        }
        text.push('\n');
    }
    if !situation.plan.is_empty() {
        text.push_str("Your plan:\n");
        for (number, step) in (1..).zip(&situation.plan) {
            let _ = writeln!(text, "{number}. {step}");
        }
        text.push('\n');
    }
    text
}

/// An event as one line of JSON, without its id: models have no use for that.
fn line(event: &MemoryEntry) -> String {
    let mut line = format!(
        "{{\"type\":\"{}\",\"from\":\"{}\"",
        event.event_type, event.sender
    );
    if let Some(target) = &event.target {
        let _ = write!(line, ",\"to\":\"{target}\"");
    }
    let _ = write!(line, ",\"at\":\"{}\",\"data\":{}}}", event.at, event.data);
    line
}

/// What a model is told that sums up.
pub(super) fn to_sum_up(situation: &MindContext, paragraphs: u32) -> String {
    let plainly = MindContext {
        thoughts: Default::default(),
        plan: Vec::new(),
        ..situation.clone()
    };
    let mut text = knowledge(&plainly);
    let _ = write!(
        text,
        "Sum all of that up, the summary before the events included, in at most {paragraphs} \
         paragraphs. Keep who did what, what was agreed, and what is still to be done."
    );
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn situation() -> MindContext {
        let event = |number: u32, target: Option<&str>| {
            json!({"id": "0190b7a5-0000-7000-8000-000000000001", "type": "a.b", "sender": "pat",
                "target": target, "at": "2026-01-01T00:00:00Z", "data": {"n": number}})
        };
        serde_json::from_value(json!({
            "thinking": "decide", "world_name": "Hall", "world_description": "a hall",
            "cause": event(2, Some("ada")), "step": 1, "plan": ["go", "stop"],
            "thoughts": {"mood": "good"}, "summary": "It began.", "memory": [event(1, None)],
        }))
        .unwrap()
    }

    #[test]
    fn a_model_is_told_all_that_the_agent_knows() {
        let told = question(&situation(), None);
        assert_eq!(
            told,
            "What happened before:\nIt began.\n\n\
             What you remember, oldest first, an event a line:\n\
             {\"type\":\"a.b\",\"from\":\"pat\",\"at\":\"2026-01-01T00:00:00.000Z\",\"data\":{\"n\":1}}\n\n\
             What you thought:\n- mood: good\n\n\
             Your plan:\n1. go\n2. stop\n\n\
             What woke you:\n\
             {\"type\":\"a.b\",\"from\":\"pat\",\"to\":\"ada\",\"at\":\"2026-01-01T00:00:00.000Z\",\"data\":{\"n\":2}}\n\
             Since then you were asked 1 times.\n\
             What do you do now?"
        );
        let told = question(&situation(), Some("mic_pass"));
        assert!(told.ends_with("Now you must call `mic_pass`."));
        let told = to_sum_up(&situation(), 3);
        assert!(told.contains("It began.") && told.contains("at most 3 paragraphs"));
        assert!(!told.contains("mood"), "{told}");
    }

    #[test]
    fn a_model_knows_who_it_is_and_what_it_is_after() {
        let context = serde_json::from_value(json!({"agent": {
            "id": "ada", "kind": "agent", "description": "A host.", "location": "stage",
            "agent": {"mind": {"goals": ["talk", "listen"]}},
        }}))
        .unwrap();
        let minded = Minded {
            context: &context,
            config: context.entity.agent.as_ref().unwrap(),
            situation: &situation(),
            until: tokio::time::Instant::now(),
        };
        let model: Llm = serde_json::from_value(
            json!({"provider": "openai", "model": "m", "system_prompt": "Be brief."}),
        )
        .unwrap();
        let told = system(&model, minded).system_prompt;
        let begins = "Your id is ada. A host.\nYou are in the world Hall: a hall\nYour place is \
                      stage\nWhat you are after:\n- talk\n- listen\nYou act by calling tools.";
        assert!(told.starts_with(begins), "{told}");
        assert!(told.ends_with("\n\nBe brief."));
    }
}
