//! Lessons of one class after the other, each followed by an exam on all classes:
//! `deploy/worlds/class-incremental.yaml`.

use std::collections::BTreeMap;

use manyworlds_sdk::contract::Sample;
use manyworlds_sdk::{BehaviourCtx, Builder, Error};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The most samples of a stream that an action reads.
const SAMPLES_MAX: u32 = 10_000;
/// The stream of the teacher that has what it has decided to do, in order.
const PLAN: &str = "plan";
/// The stream of the teacher that has what students have predicted.
const PREDICTIONS: &str = "predictions";
/// The stream of the teacher that has the results of exams.
const SCORES: &str = "scores";

pub(super) fn register(builder: Builder) -> Builder {
    builder
        .custom_action("welcoming", welcoming)
        .custom_action("should_teach_or_evaluate", should_teach_or_evaluate)
        .custom_action("building_lesson", building_lesson)
        .custom_action("building_evaluation", building_evaluation)
        .custom_action("closing", closing)
        .custom_action("collect_predictions", collect_predictions)
        .custom_action("score_exam", score_exam)
}

/// One thing that the teacher does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Planned {
    /// Teaches a class.
    Lesson(String),
    /// Sets an exam, after so many lessons.
    Exam(usize),
    /// All is done.
    End,
}

/// Who is waited for.
#[derive(Deserialize)]
struct Welcome {
    role: String,
    /// The state in which they wait for lessons.
    state: String,
    count: usize,
}

/// Whether enough students wait for lessons.
async fn welcoming(ctx: BehaviourCtx) -> Result<bool, Error> {
    let welcome: Welcome = ctx.arguments()?;
    let roster = ctx.world_agents().await?.roster;
    let waiting = roster.iter().filter(|entry| {
        let role = entry.role.as_ref().map(|role| role.as_str());
        role == Some(&welcome.role) && entry.state.as_deref() == Some(&welcome.state)
    });
    Ok(waiting.count() >= welcome.count)
}

/// What is taught, in order.
#[derive(Deserialize)]
struct Course {
    classes: Vec<String>,
}

/// Decides what is next: a lesson, an exam after each lesson, or the end.
async fn should_teach_or_evaluate(ctx: BehaviourCtx) -> Result<bool, Error> {
    let course: Course = ctx.arguments()?;
    let done: Vec<Planned> = read(&ctx, PLAN).await?;
    ctx.append(PLAN, [next(&done, &course.classes)]).await?;
    Ok(true)
}

fn next(done: &[Planned], classes: &[String]) -> Planned {
    let is_lesson = |planned: &&Planned| matches!(planned, Planned::Lesson(_));
    let lessons = done.iter().filter(is_lesson).count();
    if done.last().as_ref().is_some_and(is_lesson) {
        return Planned::Exam(lessons);
    }
    let class = classes.get(lessons).cloned();
    class.map_or(Planned::End, Planned::Lesson)
}

/// Whether a lesson is next: then its stream is the playlist.
async fn building_lesson(ctx: BehaviourCtx) -> Result<bool, Error> {
    let Some(Planned::Lesson(class)) = planned(&ctx).await? else {
        return Ok(false);
    };
    let stream = format!("{}:{class}", ctx.agent().id);
    ctx.set_pref_streams(vec![stream]).await
}

/// Whether an exam is next.
async fn building_evaluation(ctx: BehaviourCtx) -> Result<bool, Error> {
    Ok(matches!(planned(&ctx).await?, Some(Planned::Exam(_))))
}

/// Whether nothing is next.
async fn closing(ctx: BehaviourCtx) -> Result<bool, Error> {
    Ok(matches!(planned(&ctx).await?, Some(Planned::End)))
}

async fn planned(ctx: &BehaviourCtx) -> Result<Option<Planned>, Error> {
    let plan: Vec<Planned> = read(ctx, PLAN).await?;
    Ok(plan.last().cloned())
}

/// Whose samples they are.
#[derive(Deserialize)]
struct Source {
    agent: String,
}

/// What a student has predicted.
#[derive(Serialize, Deserialize)]
struct Predictions {
    student: String,
    values: Vec<Value>,
}

/// Keeps what a student has written. Its outputs of the lesson before are among them, and come first.
async fn collect_predictions(ctx: BehaviourCtx) -> Result<bool, Error> {
    let source: Source = ctx.arguments()?;
    let inputs = ctx.inputs().await?;
    let values: Result<_, _> = inputs.iter().flatten().map(parse).collect();
    let predictions = Predictions {
        student: source.agent,
        values: values?,
    };
    ctx.append(PREDICTIONS, [predictions]).await?;
    Ok(true)
}

/// What is to be predicted.
#[derive(Deserialize)]
struct Exam {
    labels: String,
    steps: u32,
}

/// The result of a student.
#[derive(Debug, PartialEq, Serialize)]
struct Score {
    student: String,
    /// How many lessons there were before.
    lessons: usize,
    /// The share of right predictions, by class.
    accuracy: BTreeMap<String, f64>,
}

/// Compares what the students have predicted with the labels, class by class.
async fn score_exam(ctx: BehaviourCtx) -> Result<bool, Error> {
    let exam: Exam = ctx.arguments()?;
    let Some(Planned::Exam(lessons)) = planned(&ctx).await? else {
        return Ok(false);
    };
    let labels = ctx.read_stream(&exam.labels, 0, exam.steps).await?;
    let labels: Vec<String> = labels.iter().map(parse).collect::<Result<_, _>>()?;
    let predicted: Vec<Predictions> = read(&ctx, PREDICTIONS).await?;
    let scores = scores(lessons, &labels, predicted);
    for score in &scores {
        let accuracy = serde_json::to_value(&score.accuracy);
        let accuracy = accuracy.map_err(|error| Error::failed("bad_score", error.to_string()))?;
        ctx.output(&score.student, accuracy);
    }
    ctx.append(SCORES, scores).await?;
    Ok(true)
}

/// The last predictions of each student are those of the exam.
fn scores(lessons: usize, labels: &[String], predicted: Vec<Predictions>) -> Vec<Score> {
    let mut by_student: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for Predictions { student, values } in predicted {
        by_student.entry(student).or_default().extend(values);
    }
    let scores = by_student.into_iter().map(|(student, values)| {
        let of_exam = values.len().saturating_sub(labels.len());
        let of_exam = values.iter().skip(of_exam);
        let mut counts: BTreeMap<String, (u32, u32)> = BTreeMap::new();
        for (label, value) in labels.iter().zip(of_exam) {
            let (right, all) = counts.entry(label.clone()).or_default();
            *right += u32::from(value.as_str() == Some(label));
            *all += 1;
        }
        let accuracy = counts.into_iter();
        let accuracy =
            accuracy.map(|(class, (right, all))| (class, f64::from(right) / f64::from(all)));
        Score {
            student,
            lessons,
            accuracy: accuracy.collect(),
        }
    });
    scores.collect()
}

async fn read<T: DeserializeOwned>(ctx: &BehaviourCtx, stream: &str) -> Result<Vec<T>, Error> {
    let samples = ctx.read_stream(stream, 0, SAMPLES_MAX).await?;
    samples.iter().map(parse).collect()
}

fn parse<T: DeserializeOwned>(sample: &Sample) -> Result<T, Error> {
    serde_json::from_str(sample.value.get())
        .map_err(|error| Error::failed("bad_sample", error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_exam_follows_each_lesson() {
        let classes = ["cat".to_owned(), "dog".to_owned()];
        let mut done = Vec::new();
        for _ in 0..6 {
            done.push(next(&done, &classes));
        }
        assert_eq!(
            serde_json::to_value(&done).unwrap(),
            json!([{"lesson": "cat"}, {"exam": 1}, {"lesson": "dog"}, {"exam": 2}, "end", "end"])
        );
    }

    #[test]
    fn the_last_predictions_of_each_student_are_scored() {
        let labels = ["cat".to_owned(), "dog".to_owned(), "cat".to_owned()];
        let predicted = |student: &str, values: Value| Predictions {
            student: student.to_owned(),
            values: values.as_array().unwrap().clone(),
        };
        let scores = scores(
            2,
            &labels,
            vec![
                predicted("a", json!(["dog", "cat"])),
                predicted("b", json!(["cat", "dog", "cat"])),
                predicted("a", json!(["cat", "cat"])),
            ],
        );
        assert_eq!(
            serde_json::to_value(scores).unwrap(),
            json!([
                {"student": "a", "lessons": 2, "accuracy": {"cat": 1.0, "dog": 0.0}},
                {"student": "b", "lessons": 2, "accuracy": {"cat": 1.0, "dog": 1.0}},
            ])
        );
    }
}
