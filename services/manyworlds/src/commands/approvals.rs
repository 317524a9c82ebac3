//! `manyworlds approvals`, `approve` and `deny`.

use anyhow::{Context as _, bail};
use clap::Args;
use client::Client;
use contract::http::DecideApprovalRequest;
use contract::tool::{Approval, Question, QuestionAnswer, Tool, ToolCall, Verdict};
use contract::{ApprovalId, EntityId, WorldId};

use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Waiting {
    /// The world's id
    world: WorldId,
}

#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The world's id
    world: WorldId,
    /// The call's id, as `manyworlds approvals` shows it; the only one that waits when absent
    approval: Option<ApprovalId>,
    /// Who decides: a person of the world, or the world itself
    #[arg(long, value_name = "ENTITY", default_value = "world")]
    sender: EntityId,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    #[command(flatten)]
    which: Which,
    /// The answer to a question, in their order: the id of an option, or any words
    #[arg(long = "answer", value_name = "ANSWER")]
    answers: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Deny {
    #[command(flatten)]
    which: Which,
    /// Why: the model gets this reason
    #[arg(long, default_value = "")]
    reason: String,
}

/// Lists the calls that wait for a person.
pub(crate) async fn list(options: Waiting, client: &Client, output: Output) -> anyhow::Result<()> {
    for approval in waiting(&options.world, client).await? {
        if output.is_json() {
            output.json(&approval)?;
        } else {
            output.line(&line(approval.id, &approval.agent, &approval.call))?;
        }
    }
    Ok(())
}

/// Lets a call be made, or answers its questions.
pub(crate) async fn approve(
    options: Approve,
    client: &Client,
    output: Output,
) -> anyhow::Result<()> {
    let approval = find(&options.which, client).await?;
    let verdict = match &approval.call.tool {
        Some(Tool::People { questions }) => Verdict::Answered {
            answers: answers(questions, &options.answers)?,
        },
        _ if options.answers.is_empty() => Verdict::Approved,
        _ => bail!("it waits for a permission, not for answers: leave out --answer"),
    };
    decide(&options.which, &approval, verdict, client, output).await
}

/// Refuses a call.
pub(crate) async fn deny(options: Deny, client: &Client, output: Output) -> anyhow::Result<()> {
    let approval = find(&options.which, client).await?;
    let verdict = Verdict::Denied {
        reason: options.reason,
    };
    decide(&options.which, &approval, verdict, client, output).await
}

async fn waiting(world: &WorldId, client: &Client) -> anyhow::Result<Vec<Approval>> {
    Ok(client.world(world).approvals().list().await?.approvals)
}

async fn find(which: &Which, client: &Client) -> anyhow::Result<Approval> {
    let mut waiting = waiting(&which.world, client).await?;
    if let Some(id) = which.approval {
        let found = waiting.into_iter().find(|approval| approval.id == id);
        return found.with_context(|| format!("nothing waits under the id {id}"));
    }
    match (waiting.pop(), waiting.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => bail!("nothing waits for a person in the world {}", which.world),
        (Some(_), false) => bail!("several calls wait: name one (manyworlds approvals)"),
    }
}

async fn decide(
    which: &Which,
    approval: &Approval,
    verdict: Verdict,
    client: &Client,
    output: Output,
) -> anyhow::Result<()> {
    let request = DecideApprovalRequest {
        verdict,
        sender: Some(which.sender.clone()),
    };
    let approvals = client.world(&which.world).approvals();
    let receipt = approvals.decide(approval.id, &request).await?;
    if output.is_json() {
        output.json(&receipt)?;
    } else {
        output.line(&format!("said; it is in commit {}", receipt.seq))?;
    }
    Ok(())
}

/// One answer for each question: an option if it is the id of one, else words.
fn answers(questions: &[Question], given: &[String]) -> anyhow::Result<Vec<QuestionAnswer>> {
    if questions.len() != given.len() {
        let texts: Vec<&str> = questions
            .iter()
            .map(|question| question.question.as_str())
            .collect();
        bail!("one --answer for each question: {}", texts.join(" / "));
    }
    let answer = |(question, given): (&Question, &String)| {
        let is_option = question.options.iter().any(|option| option.id == *given);
        QuestionAnswer {
            question: question.id.clone(),
            options: Vec::from_iter(is_option.then(|| given.clone())),
            text: (!is_option).then(|| given.clone()),
        }
    };
    Ok(questions.iter().zip(given).map(answer).collect())
}

/// A call in a line: its id, who calls, and what.
pub(crate) fn line(id: ApprovalId, agent: &EntityId, call: &ToolCall) -> String {
    let what = match &call.tool {
        Some(Tool::People { questions }) => {
            let texts = questions.iter().map(|question| {
                let options: Vec<&str> = question.options.iter().map(|o| o.id.as_str()).collect();
                match options.is_empty() {
                    true => question.question.clone(),
                    false => format!("{} [{}]", question.question, options.join(", ")),
                }
            });
            format!("asks: {}", texts.collect::<Vec<_>>().join(" / "))
        }
        _ => format!("wants to call {} {}", call.name, call.arguments.get()),
    };
    format!("{id}  {agent} {what}")
}

#[cfg(test)]
mod tests {
    use contract::tool::Choice;

    use super::*;

    #[test]
    fn an_answer_is_an_option_or_words() {
        let question = |options: &[&str]| Question {
            id: "q".to_owned(),
            header: String::new(),
            question: "Which?".to_owned(),
            options: options
                .iter()
                .map(|id| Choice {
                    id: (*id).to_owned(),
                    label: String::new(),
                    description: String::new(),
                })
                .collect(),
            multiple: false,
        };
        let questions = [question(&["red", "blue"]), question(&[])];
        let given = ["blue".to_owned(), "soon".to_owned()];
        let answers = answers(&questions, &given).unwrap();
        assert_eq!(answers[0].options, ["blue"]);
        assert_eq!(answers[0].text, None);
        assert_eq!(answers[1].text.as_deref(), Some("soon"));
        assert!(super::answers(&questions, &given[..1]).is_err());
    }
}
