//! A microphone that goes around: only its holder speaks into it, and passes it on.

use sdk::contract::EntityId;
use sdk::{Error, Event, JsonSchema, Kind, Me, Object, Received, schemars};
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
    const KIND: &'static str = "microphone";
}

pub(super) fn kind() -> Kind<impl Object> {
    Kind::<Microphone>::default()
        .ability("speak", speak)
        .ability("pass", pass)
}

type Mic = Me<Microphone>;

async fn speak(said: Received<MicrophoneSpeak>, mut mic: Mic) -> Result<Mic, Error> {
    if mic.holder() != Some(&said.sender) {
        return refuse(mic, &said.sender, "only who holds it speaks into it");
    }
    mic.state.speeches += 1;
    let (speaker, message) = (said.sender.to_string(), said.event.message);
    mic.send(&MicrophoneSounds { speaker, message })?;
    Ok(mic)
}

async fn pass(passed: Received<MicrophonePass>, mut mic: Mic) -> Result<Mic, Error> {
    let from = &passed.sender;
    if mic.holder() != Some(from) {
        return refuse(mic, from, "only who holds it passes it on");
    }
    let next = mic.state.speakers.iter().find(|name| **name == passed.to);
    let Some(next) = next.and_then(|name| name.parse::<EntityId>().ok()) else {
        let reason = format!("{} is none of its speakers", passed.to);
        return refuse(mic, from, &reason);
    };
    mic.give_to(&next);
    let (from, to) = (from.to_string(), next.to_string());
    mic.send(&MicrophonePassed { from, to })?;
    Ok(mic)
}

fn refuse(mut mic: Mic, caller: &EntityId, reason: &str) -> Result<Mic, Error> {
    let reason = reason.to_owned();
    mic.send_to(caller, &MicrophoneRefused { reason })?;
    Ok(mic)
}
