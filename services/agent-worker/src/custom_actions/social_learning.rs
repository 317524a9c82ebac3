//! Students that learn from the best of them: `deploy/worlds/social-learning.yaml`.

use manyworlds_sdk::contract::behaviour::RosterEntry;
use manyworlds_sdk::{BehaviourCtx, Builder, Error};
use serde::Deserialize;
use serde_json::{Value, json};

/// The most samples of a stream that an action reads.
const SAMPLES_MAX: u32 = 10_000;
/// The stream on which a student publishes its answers for others.
const ANSWERS: &str = "best_student_stream";
/// The states of a student in which it processes, or learns, what it has requested of itself.
const TEACHING: &str = "teaching";
const STUDYING: &str = "studying";

pub(super) fn register(builder: Builder) -> Builder {
    builder
        .custom_action("social_round", social_round)
        .custom_action("all_asks_done", all_asks_done)
        .custom_action("teach", teach)
        .custom_action("publish_answers", publish_answers)
        .custom_action("learn_from_student", learn_from_student)
}

/// A round in which a student teaches others.
#[derive(Deserialize)]
struct Round {
    /// Those who passed the last comparison: the first one teaches.
    best: Vec<String>,
    /// The stream of what it is to answer.
    questions: String,
    steps: u32,
}

/// Has the best student answer questions, and the other partners of its role learn its answers.
async fn social_round(ctx: BehaviourCtx) -> Result<bool, Error> {
    let round: Round = ctx.arguments()?;
    let Some(best) = round.best.first() else {
        return Ok(false);
    };
    let roster = ctx.world_agents().await?.roster;
    let teaches = roster.iter().find(|entry| entry.entity.as_str() == best);
    let role = teaches.and_then(|entry| entry.role.as_ref());
    let others = partners(&ctx, &roster).filter(|entry| entry.role.as_ref() == role);
    let others = others.map(|entry| entry.entity.to_string());
    let others: Vec<String> = others.filter(|other| other != best).collect();
    if !others.is_empty() {
        let answers = format!("{best}:{ANSWERS}");
        let from = ctx.read_stream(&answers, 0, SAMPLES_MAX).await?.len();
        let subscribe = ctx.send_subscribe(vec![answers.clone()]);
        subscribe.with("agent", others.clone()).await?;
        let arguments = json!({
            "questions": round.questions,
            "answers": answers,
            "from": from,
            "steps": round.steps,
        });
        let learn = ctx.send("learn_from_student").with("target", others);
        let learn = learn.with("action_kwargs", arguments);
        learn.with("callback", "show").await?;
    }
    let arguments = json!({"questions": round.questions, "steps": round.steps});
    let teach = ctx.send("teach").with("target", best.as_str());
    teach.with("action_kwargs", arguments).await
}

/// The state to which students return.
#[derive(Deserialize)]
struct Back {
    state: String,
}

/// Whether all that was requested has ended, and all partners are back in a state.
async fn all_asks_done(ctx: BehaviourCtx) -> Result<bool, Error> {
    let back: Back = ctx.arguments()?;
    let roster = ctx.world_agents().await?.roster;
    let is_back = |entry: &RosterEntry| entry.state.as_deref() == Some(&back.state);
    if !partners(&ctx, &roster).all(is_back) {
        return Ok(false);
    }
    ctx.all_asked_finished().await
}

/// Those of the roster that are partners of the agent.
fn partners<'a>(
    ctx: &BehaviourCtx,
    roster: &'a [RosterEntry],
) -> impl Iterator<Item = &'a RosterEntry> {
    let agent = ctx.agent().id.clone();
    let entries = roster.iter();
    entries.filter(move |entry| entry.engaged.contains(&agent))
}

/// What a student is to answer.
#[derive(Deserialize)]
struct Questions {
    questions: String,
    steps: u32,
}

/// Has the agent itself answer the questions, once it is in the next state.
async fn teach(ctx: BehaviourCtx) -> Result<bool, Error> {
    let lesson: Questions = ctx.arguments()?;
    let process = ctx.send("process").with("target", ctx.agent().id.as_str());
    let process = process.with("streams", json!({"stdin": [lesson.questions]}));
    let process = process.with("num_steps", lesson.steps);
    process.with("from_state", TEACHING).await
}

/// How many answers are published.
#[derive(Deserialize)]
struct Answers {
    steps: u32,
}

/// Publishes the latest outputs of the agent's processor for other students.
async fn publish_answers(ctx: BehaviourCtx) -> Result<bool, Error> {
    let answers: Answers = ctx.arguments()?;
    let outputs = ctx.read_stream("processor", 0, SAMPLES_MAX).await?;
    let count = usize::try_from(answers.steps).unwrap_or(usize::MAX);
    let latest = outputs.iter().skip(outputs.len().saturating_sub(count));
    ctx.append(ANSWERS, latest.map(|output| &output.value))
        .await?;
    Ok(true)
}

/// What a student learns of another.
#[derive(Deserialize)]
struct Lesson {
    questions: String,
    answers: String,
    /// The position of the first answer.
    from: u64,
    steps: u32,
}

/// Has the agent itself learn the answers of another student, once all are there.
async fn learn_from_student(ctx: BehaviourCtx) -> Result<bool, Error> {
    let lesson: Lesson = ctx.arguments()?;
    let answers = ctx.read_stream(&lesson.answers, lesson.from, lesson.steps);
    if u32::try_from(answers.await?.len()) != Ok(lesson.steps) {
        return Ok(false);
    }
    let end = ctx.subscribe().with("unsubscribe", true);
    end.with("stream_props", lesson.answers.as_str()).await?;
    let streams: Value = json!({"stdin": [lesson.questions], "stdtar": [lesson.answers]});
    let learn = ctx.send("learn").with("target", ctx.agent().id.as_str());
    let learn = learn.with("streams", streams);
    let learn = learn.with("num_steps", lesson.steps);
    learn.with("from_state", STUDYING).await
}
