//! Questions of a model to people.

use std::collections::BTreeSet;

use contract::tool::{Choice, Question};
use serde::Deserialize;
use serde_json::Value;

/// As much as people can be expected to answer at once.
const QUESTIONS_MAX: usize = 8;
/// As much as they can be expected to choose from.
const OPTIONS_MAX: usize = 16;
/// The longest question, in characters.
const TEXT_CHARACTERS_MAX: usize = 4000;
/// The longest header, label and id, in characters.
const LABEL_CHARACTERS_MAX: usize = 200;

#[derive(Deserialize)]
struct Asked {
    questions: Vec<AskedQuestion>,
}

#[derive(Deserialize)]
struct AskedQuestion {
    id: Option<String>,
    header: Option<String>,
    question: String,
    options: Option<Vec<AskedOption>>,
    multiple: Option<bool>,
}

#[derive(Deserialize)]
struct AskedOption {
    id: Option<String>,
    label: String,
    description: Option<String>,
}

/// The questions in the arguments of a call.
///
/// # Errors
/// Why they can't be asked, for the model.
pub(super) fn parse(arguments: &Value) -> Result<Vec<Question>, String> {
    let asked = Asked::deserialize(arguments).map_err(|error| format!("bad arguments: {error}"))?;
    count("questions", asked.questions.len(), 1, QUESTIONS_MAX)?;
    let questions = (1..).zip(asked.questions);
    let questions: Vec<_> = questions
        .map(|(number, asked)| question(number, asked))
        .collect::<Result<_, _>>()?;
    different("questions", questions.iter().map(|it| it.id.as_str()))?;
    Ok(questions)
}

fn question(number: usize, asked: AskedQuestion) -> Result<Question, String> {
    let options = asked.options.unwrap_or_default();
    count("options", options.len(), 0, OPTIONS_MAX)?;
    let options: Vec<_> = (1..)
        .zip(options)
        .map(|(number, asked)| option(number, asked))
        .collect::<Result<_, _>>()?;
    different("options", options.iter().map(|it| it.id.as_str()))?;
    if asked.question.trim().is_empty() {
        return Err(format!("question {number} is empty"));
    }
    Ok(Question {
        id: id("question", number, asked.id)?,
        header: short("header", asked.header, LABEL_CHARACTERS_MAX)?,
        question: short("question", Some(asked.question), TEXT_CHARACTERS_MAX)?,
        multiple: asked.multiple.unwrap_or_default() && !options.is_empty(),
        options,
    })
}

fn option(number: usize, asked: AskedOption) -> Result<Choice, String> {
    if asked.label.trim().is_empty() {
        return Err(format!("the label of option {number} is empty"));
    }
    Ok(Choice {
        id: id("option", number, asked.id)?,
        label: short("label", Some(asked.label), LABEL_CHARACTERS_MAX)?,
        description: short("description", asked.description, TEXT_CHARACTERS_MAX)?,
    })
}

fn id(what: &str, number: usize, id: Option<String>) -> Result<String, String> {
    match id.filter(|id| !id.is_empty()) {
        Some(id) => short("id", Some(id), LABEL_CHARACTERS_MAX),
        None => Ok(format!("{what}-{number}")),
    }
}

fn short(what: &str, text: Option<String>, limit: usize) -> Result<String, String> {
    let text = text.unwrap_or_default();
    match text.chars().count() > limit {
        true => Err(format!("a {what} has more than {limit} characters")),
        false => Ok(text),
    }
}

fn count(what: &str, count: usize, least: usize, most: usize) -> Result<(), String> {
    match (least..=most).contains(&count) {
        true => Ok(()),
        false => Err(format!("there must be {least} to {most} {what}")),
    }
}

fn different<'a>(what: &str, mut ids: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    match ids.find(|id| !seen.insert(*id)) {
        Some(id) => Err(format!("two {what} have the id {id:?}")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_filled_in() {
        let arguments = json!({"questions": [
            {"question": "Which?", "options": [{"label": "A"}, {"id": "b", "label": "B"}], "multiple": true},
            {"id": "why", "header": "Reason", "question": "Why?", "multiple": true},
        ]});
        let parsed = serde_json::to_value(parse(&arguments).unwrap()).unwrap();
        assert_eq!(
            parsed,
            json!([
                {
                    "id": "question-1",
                    "question": "Which?",
                    "options": [{"id": "option-1", "label": "A"}, {"id": "b", "label": "B"}],
                    "multiple": true,
                },
                {"id": "why", "header": "Reason", "question": "Why?"},
            ])
        );
    }

    #[test]
    fn bad_questions_are_refused_with_a_reason() {
        let one = |question: Value| json!({"questions": [question]});
        let options = |count: usize| vec![json!({"label": "x"}); count];
        for (arguments, expected) in [
            (json!({}), "missing field `questions`"),
            (json!({"questions": "What?"}), "bad arguments"),
            (json!({"questions": []}), "1 to 8 questions"),
            (
                json!({"questions": vec![json!({"question": "x"}); 9]}),
                "1 to 8 questions",
            ),
            (one(json!({})), "missing field `question`"),
            (one(json!({"question": " "})), "question 1 is empty"),
            (one(json!({"question": "x".repeat(5000)})), "more than 4000"),
            (
                one(json!({"question": "x", "options": options(17)})),
                "0 to 16 options",
            ),
            (
                one(json!({"question": "x", "options": [{"label": ""}]})),
                "the label of option 1 is empty",
            ),
            (
                one(json!({"question": "x", "options": [
                    {"id": "option-2", "label": "x"}, {"label": "y"},
                ]})),
                "two options have the id \"option-2\"",
            ),
            (
                json!({"questions": [
                    {"id": "a", "question": "x"}, {"id": "a", "question": "y"},
                ]}),
                "two questions have the id \"a\"",
            ),
        ] {
            let reason = parse(&arguments).unwrap_err();
            assert!(reason.contains(expected), "{reason}");
        }
    }
}
