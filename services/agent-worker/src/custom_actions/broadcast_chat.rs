//! A chat in which one agent sends what each user writes to all others: `deploy/worlds/broadcast-chat.yaml`.

use std::time::Duration;

use manyworlds_sdk::contract::{Sample, Timestamp};
use manyworlds_sdk::{BehaviourCtx, Builder, Error};
use serde::Deserialize;
use serde_json::Value;

/// The most messages that an action reads.
const MESSAGES_MAX: u32 = 10_000;
/// The stream that has the messages which an agent receives.
const INBOX: &str = "inbox";
/// The stream that has what an agent is to respond to.
const PROMPTS: &str = "prompts";

pub(super) fn register(builder: Builder) -> Builder {
    builder
        .custom_action("broadcast_message", broadcast_message)
        .custom_action("connect_to_broadcaster", connect_to_broadcaster)
        .custom_action("check_messages", check_messages)
}

/// Sends the text of the requester, with its name, to all others of its role.
async fn broadcast_message(ctx: BehaviourCtx) -> Result<bool, Error> {
    let Some(requester) = ctx.interaction().map(|interaction| &interaction.requester) else {
        return Ok(false);
    };
    let inputs = ctx.inputs().await?;
    let from_stream = inputs.iter().flatten().last().map(text_of);
    let sent_along = ctx.samples().last().map(|sample| as_text(sample.get()));
    let Some(text) = from_stream.or(sent_along) else {
        return Ok(false);
    };
    let roster = ctx.world_agents().await?.roster;
    let sender = roster.iter().find(|entry| entry.entity == *requester);
    let role = sender.and_then(|sender| sender.role.clone());
    let others = roster
        .iter()
        .filter(|entry| entry.role == role && entry.entity != *requester);
    let others: Vec<String> = others.map(|entry| entry.entity.to_string()).collect();
    if others.is_empty() {
        return Ok(true);
    }
    let message = format!("**{requester}:** {text}");
    let send = ctx.use_action("send").with("target", others);
    send.with("data_samples", vec![message]).await
}

/// Connects to the broadcaster, and subscribes to the agent's own prompts: each is processed then.
async fn connect_to_broadcaster(ctx: BehaviourCtx) -> Result<bool, Error> {
    let connect = ctx.connect_by_role("broadcaster");
    let is_connected = connect.with("accept_already_connected", true).await?;
    // It is false when it was connected, and has subscribed, before.
    let subscribe = ctx
        .subscribe()
        .with("stream_owners", ctx.agent().id.as_str());
    subscribe.with("stream_props", PROMPTS).await?;
    Ok(is_connected)
}

/// When a user writes, and what it reads before.
#[derive(Deserialize)]
#[serde(default)]
struct Habits {
    /// It writes when nobody has written for so long.
    silence_seconds: f64,
    /// How likely it is that it responds to new messages, from 0 to 1.
    talk_probability: f64,
    /// How many messages it reads.
    history: usize,
    /// What it writes about when it has received no message.
    topic: String,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            silence_seconds: 25.0,
            talk_probability: 0.01,
            history: 3,
            topic: "Hello".to_owned(),
        }
    }
}

/// Decides whether the agent writes something. Then what it is to respond to is its next prompt.
async fn check_messages(ctx: BehaviourCtx) -> Result<bool, Error> {
    let habits: Habits = ctx.arguments()?;
    let messages = ctx.read_stream(INBOX, 0, MESSAGES_MAX).await?;
    let prompts = ctx.read_stream(PROMPTS, 0, MESSAGES_MAX).await?;
    let last = |samples: &[Sample]| samples.last().map(|sample| sample.at);
    let chance = chance(&ctx.run().id.to_string());
    let (received, written) = (last(&messages), last(&prompts));
    if habits.responds(received, written, Timestamp::now(), chance) {
        let latest = messages.iter().rev().take(habits.history).rev();
        let latest: Vec<String> = latest.map(text_of).collect();
        let prompt = if latest.is_empty() {
            habits.topic
        } else {
            latest.join("\n")
        };
        ctx.append(PROMPTS, [prompt]).await?;
    }
    Ok(true)
}

impl Habits {
    fn responds(
        &self,
        received: Option<Timestamp>,
        written: Option<Timestamp>,
        now: Timestamp,
        chance: f64,
    ) -> bool {
        let Some(latest) = received.max(written) else {
            return true;
        };
        let silence = Duration::try_from_secs_f64(self.silence_seconds).unwrap_or(Duration::MAX);
        let is_new = received > written;
        now.since(latest) >= silence || (is_new && chance < self.talk_probability)
    }
}

/// A number from 0 to 1 that is the same in each attempt at a run.
fn chance(run: &str) -> f64 {
    let digits = run.get(run.len().saturating_sub(4)..).unwrap_or_default();
    u16::from_str_radix(digits, 16).map_or(0.0, |number| f64::from(number) / 65536.0)
}

fn text_of(sample: &Sample) -> String {
    as_text(sample.value.get())
}

/// A text as it is, anything else as JSON.
fn as_text(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(Value::String(text)) => text,
        _ => json.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_writes_after_silence_and_by_chance_to_new_messages() {
        let at = |seconds: i64| Timestamp::from_unix_ms(seconds * 1000);
        let habits = Habits {
            silence_seconds: 5.0,
            talk_probability: 0.5,
            ..Habits::default()
        };
        for (received, written, now, chance, expected) in [
            (None, None, 0, 0.9, true),
            (Some(at(1)), None, 2, 0.4, true),
            (Some(at(1)), None, 2, 0.6, false),
            (Some(at(1)), Some(at(2)), 3, 0.4, false),
            (Some(at(1)), Some(at(2)), 7, 0.9, true),
        ] {
            let responds = habits.responds(received, written, at(now), chance);
            assert_eq!(
                responds, expected,
                "{received:?} {written:?} {now} {chance}"
            );
        }
    }

    #[test]
    fn a_chance_follows_from_the_run() {
        assert!(chance("00000000-0000-7000-8000-00000000ffff") > 0.99);
        assert!(chance("00000000-0000-7000-8000-000000000000") < 0.01);
    }
}
