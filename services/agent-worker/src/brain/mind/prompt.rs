//! The prompts of a language model that decides for an agent. Pure.

use std::fmt::Write;

use contract::brain::Llm;
use contract::mind::{MemoryEntry, MindContext};
use contract::{AgentConfig, Entity};

use super::task::MindTask;

/// The rules of acting by tool calls.
const RULES: &str = "You act by calling tools. What you call is done, and what came of it is among \
                     the events, before you are asked again. Call `plan` beside it when your plan \
                     changes. When there is nothing to do now, or you wait for something, call \
                     `sleep`: what you wait for wakes you.";

/// The model with a system prompt that begins with the identity, the place and the goals of the
/// agent.
pub(super) fn with_system_prompt(model: &Llm, task: MindTask<'_>) -> Llm {
    let MindTask {
        context,
        config,
        mind,
        ..
    } = task;
    let mut text = identity(&context.entity, mind);
    push_goals(&mut text, config);
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

fn identity(agent: &Entity, mind: &MindContext) -> String {
    let mut text = format!("Your id is {}.", agent.id);
    for (label, value) in [
        (" ", agent.description.as_str()),
        ("\nYou are in the world ", mind.world_name.as_str()),
        (": ", mind.world_description.as_str()),
        (
            "\nYour place is ",
            agent.location.as_deref().unwrap_or_default(),
        ),
    ] {
        if !value.is_empty() {
            text.push_str(label);
            text.push_str(value);
        }
    }
    text.push('\n');
    text
}

fn push_goals(text: &mut String, config: &AgentConfig) {
    let goals = config.mind.iter().flat_map(|mind| &mind.goals);
    let goals: Vec<String> = goals.map(|goal| format!("- {goal}\n")).collect();
    if !goals.is_empty() {
        text.push_str("What you are after:\n");
        text.extend(goals);
    }
}

/// The prompt for a decision: memory, plan and cause. `next` is the tool that must be called.
pub(super) fn decision_prompt(mind: &MindContext, next: Option<&str>) -> String {
    let mut text = knowledge(mind);
    if let Some(cause) = &mind.cause {
        let _ = writeln!(text, "What woke you:\n{}", event_line(cause));
    }
    if mind.step > 0 {
        let _ = writeln!(text, "Since then you were asked {} times.", mind.step);
    }
    match next {
        Some(next) => {
            let _ = write!(text, "Now you must call `{next}`.");
        }
        None => text.push_str("What do you do now?"),
    }
    text
}

fn knowledge(mind: &MindContext) -> String {
    let mut text = String::new();
    if !mind.summary.is_empty() {
        let _ = writeln!(text, "What happened before:\n{}\n", mind.summary);
    }
    if !mind.memory.is_empty() {
        text.push_str("What you remember, oldest first, an event a line:\n");
        for event in &mind.memory {
            text.push_str(&event_line(event));
            text.push('\n');
        }
        text.push('\n');
    }
    if !mind.thoughts.is_empty() {
        text.push_str("What you thought:\n");
        for (about, thought) in &mind.thoughts {
            let _ = writeln!(text, "- {about}: {thought}");
        }
        text.push('\n');
    }
    if !mind.plan.is_empty() {
        text.push_str("Your plan:\n");
        for (number, step) in (1..).zip(&mind.plan) {
            let _ = writeln!(text, "{number}. {step}");
        }
        text.push('\n');
    }
    text
}

/// An event as one line of JSON, without its id, which is of no use to a model.
fn event_line(event: &MemoryEntry) -> String {
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

/// The prompt for a summary.
pub(super) fn summary_prompt(mind: &MindContext, paragraphs: u32) -> String {
    let without_plan = MindContext {
        thoughts: Default::default(),
        plan: Vec::new(),
        ..mind.clone()
    };
    let mut text = knowledge(&without_plan);
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

    fn mind() -> MindContext {
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
    fn a_prompt_holds_all_that_the_agent_knows() {
        let prompt = decision_prompt(&mind(), None);
        assert_eq!(
            prompt,
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
        let prompt = decision_prompt(&mind(), Some("mic_pass"));
        assert!(prompt.ends_with("Now you must call `mic_pass`."));
        let prompt = summary_prompt(&mind(), 3);
        assert!(prompt.contains("It began.") && prompt.contains("at most 3 paragraphs"));
        assert!(!prompt.contains("mood"), "{prompt}");
    }

    #[test]
    fn a_system_prompt_holds_the_identity_and_the_goals() {
        let context = serde_json::from_value(json!({"agent": {
            "id": "ada", "kind": "agent", "description": "A host.", "location": "stage",
            "agent": {"mind": {"goals": ["talk", "listen"]}},
        }}))
        .unwrap();
        let task = MindTask {
            context: &context,
            config: context.entity.agent.as_ref().unwrap(),
            mind: &mind(),
            deadline: tokio::time::Instant::now(),
        };
        let model: Llm = serde_json::from_value(
            json!({"provider": "openai", "model": "m", "system_prompt": "Be brief."}),
        )
        .unwrap();
        let prompt = with_system_prompt(&model, task).system_prompt;
        let beginning = "Your id is ada. A host.\nYou are in the world Hall: a hall\nYour place is \
                      stage\nWhat you are after:\n- talk\n- listen\nYou act by calling tools.";
        assert!(prompt.starts_with(beginning), "{prompt}");
        assert!(prompt.ends_with("\n\nBe brief."));
    }
}
