//! Parses the questions of a model to people.

use std::collections::BTreeSet;

use contract::tool::{Choice, Question};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The maximum number of questions: people answer them at once.
const QUESTIONS_MAX: usize = 8;
/// The maximum number of options of a question.
const OPTIONS_MAX: usize = 16;
/// The maximum length of a question and of a description of an option.
const TEXT_CHARACTERS_MAX: usize = 4000;
/// The maximum length of a header, a label and an id.
const LABEL_CHARACTERS_MAX: usize = 200;

/// The type of questions for each of which several options count.
const MULTIPLE: &str = "multiple-select";

#[derive(Deserialize)]
struct RawQuestions {
    /// Models that know Agent World's tool of this name say it of all questions at once.
    #[serde(rename = "type")]
    selection: Option<String>,
    questions: Vec<RawQuestion>,
}

#[derive(Deserialize)]
struct RawQuestion {
    id: Option<String>,
    header: Option<String>,
    question: String,
    options: Option<Vec<RawOption>>,
    multiple: Option<bool>,
}

#[derive(Deserialize)]
struct RawOption {
    id: Option<String>,
    label: String,
    description: Option<String>,
}

/// Parses the arguments of a tool call.
///
/// # Errors
/// What is invalid about them, for the model.
pub(super) fn parse_questions(arguments: &RawValue) -> Result<Vec<Question>, String> {
    let raw: RawQuestions =
        serde_json::from_str(arguments.get()).map_err(|error| format!("bad arguments: {error}"))?;
    check_count("questions", raw.questions.len(), 1, QUESTIONS_MAX)?;
    let is_multiple = raw.selection.as_deref() == Some(MULTIPLE);
    let questions = (1..).zip(raw.questions);
    let questions: Vec<_> = questions
        .map(|(number, raw)| parse_question(number, raw, is_multiple))
        .collect::<Result<_, _>>()?;
    check_unique("questions", questions.iter().map(|it| it.id.as_str()))?;
    Ok(questions)
}

fn parse_question(number: usize, raw: RawQuestion, is_multiple: bool) -> Result<Question, String> {
    let options = raw.options.unwrap_or_default();
    check_count("options", options.len(), 0, OPTIONS_MAX)?;
    let options: Vec<_> = (1..)
        .zip(options)
        .map(|(number, raw)| parse_option(number, raw))
        .collect::<Result<_, _>>()?;
    check_unique("options", options.iter().map(|it| it.id.as_str()))?;
    if raw.question.trim().is_empty() {
        return Err(format!("question {number} is empty"));
    }
    Ok(Question {
        id: id_or_default("question", number, raw.id)?,
        header: check_length("header", raw.header, LABEL_CHARACTERS_MAX)?,
        question: check_length("question", Some(raw.question), TEXT_CHARACTERS_MAX)?,
        multiple: raw.multiple.unwrap_or(is_multiple) && !options.is_empty(),
        options,
    })
}

fn parse_option(number: usize, raw: RawOption) -> Result<Choice, String> {
    if raw.label.trim().is_empty() {
        return Err(format!("the label of option {number} is empty"));
    }
    Ok(Choice {
        id: id_or_default("option", number, raw.id)?,
        label: check_length("label", Some(raw.label), LABEL_CHARACTERS_MAX)?,
        description: check_length("description", raw.description, TEXT_CHARACTERS_MAX)?,
    })
}

fn id_or_default(what: &str, number: usize, id: Option<String>) -> Result<String, String> {
    match id.filter(|id| !id.is_empty()) {
        Some(id) => check_length("id", Some(id), LABEL_CHARACTERS_MAX),
        None => Ok(format!("{what}-{number}")),
    }
}

fn check_length(what: &str, text: Option<String>, limit: usize) -> Result<String, String> {
    let text = text.unwrap_or_default();
    match text.chars().count() > limit {
        true => Err(format!("a {what} has more than {limit} characters")),
        false => Ok(text),
    }
}

fn check_count(what: &str, count: usize, least: usize, most: usize) -> Result<(), String> {
    match (least..=most).contains(&count) {
        true => Ok(()),
        false => Err(format!("there must be {least} to {most} {what}")),
    }
}

fn check_unique<'a>(what: &str, mut ids: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    match ids.find(|id| !seen.insert(*id)) {
        Some(id) => Err(format!("two {what} have the id {id:?}")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;
    use serde_json::{Value, json};

    use super::*;

    fn parse(arguments: &Value) -> Result<Vec<Question>, String> {
        parse_questions(&to_raw_value(arguments).unwrap())
    }

    #[test]
    fn missing_ids_are_assigned() {
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
    fn several_options_count_where_the_call_or_the_question_says_so() {
        for (selection, multiple, expected) in [
            (None, None, false),
            (None, Some(true), true),
            (Some("single-select"), None, false),
            (Some("multiple-select"), None, true),
            (Some("multiple-select"), Some(false), false),
        ] {
            let question =
                json!({"question": "Which?", "options": [{"label": "A"}], "multiple": multiple});
            let arguments = json!({"type": selection, "questions": [question]});
            let parsed = parse(&arguments).unwrap();
            assert_eq!(parsed[0].multiple, expected, "{arguments}");
        }
    }

    #[test]
    fn invalid_questions_are_rejected_with_a_reason() {
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
