//! A microphone that is passed on: only its holder can speak into it.

use manyworlds_sdk::contract::EntityId;
use manyworlds_sdk::{Error, Event, JsonSchema, Object, ObjectCtx, ObjectType, Received, schemars};
use serde::{Deserialize, Serialize};

/// Speak into the microphone, for everyone to hear. Only its holder can.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct MicrophoneSpeak {
    message: String,
}

/// Pass the microphone on to another speaker. Only its holder can.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct MicrophonePass {
    to: String,
}

/// What everyone hears.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct MicrophoneSounds {
    speaker: String,
    message: String,
}

/// The microphone has another holder.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct MicrophonePassed {
    from: String,
    to: String,
}

/// The microphone was not used, and why.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct MicrophoneRefused {
    reason: String,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Microphone {
    /// Who may hold it: it is passed to nobody else.
    speakers: Vec<String>,
    /// How often it was spoken into.
    speeches: u64,
}

impl Object for Microphone {
    const TYPE: &'static str = "microphone";
}

pub(super) fn object_type() -> ObjectType<impl Object> {
    ObjectType::<Microphone>::default()
        .ability("speak", speak)
        .ability("pass", pass)
}

type Mic = ObjectCtx<Microphone>;

async fn speak(event: Received<MicrophoneSpeak>, mut mic: Mic) -> Result<Mic, Error> {
    if mic.holder() != Some(&event.sender) {
        return refuse(mic, &event.sender, "only who holds it speaks into it");
    }
    mic.state.speeches += 1;
    let (speaker, message) = (event.sender.to_string(), event.event.message);
    mic.send(&MicrophoneSounds { speaker, message })?;
    Ok(mic)
}

async fn pass(event: Received<MicrophonePass>, mut mic: Mic) -> Result<Mic, Error> {
    let from = &event.sender;
    if mic.holder() != Some(from) {
        return refuse(mic, from, "only who holds it passes it on");
    }
    let next = mic.state.speakers.iter().find(|name| **name == event.to);
    let Some(next) = next.and_then(|name| name.parse::<EntityId>().ok()) else {
        let reason = format!("{} is none of its speakers", event.to);
        return refuse(mic, from, &reason);
    };
    mic.give_to(&next);
    let (from, to) = (from.to_string(), next.to_string());
    mic.send(&MicrophonePassed { from, to })?;
    Ok(mic)
}

fn refuse(mut mic: Mic, sender: &EntityId, reason: &str) -> Result<Mic, Error> {
    let reason = reason.to_owned();
    mic.send_to(sender, &MicrophoneRefused { reason })?;
    Ok(mic)
}
