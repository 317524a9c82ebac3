//! A microphone that one agent passes to another, and that only its holder can speak into.

use sdk::{Error, Event, JsonSchema, Kind, Me, Object, Placed, Received, Worker, schemars};
use serde::{Deserialize, Serialize};

/// Speak into the microphone, for everyone to hear. Only its holder can.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct AgentSpeaksIntoMicrophone {
    message: String,
}

/// Pass the microphone on to another agent. Only its holder can.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct AgentPassesMicrophone {
    to: String,
}

/// What everyone hears.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct MicrophoneSounds {
    speaker: String,
    message: String,
}

/// The microphone has a new holder.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct NewHolderOfMicrophone {
    new_holder_id: String,
}

/// Somebody tried who does not hold the microphone.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct NotAllowed {}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
struct Microphone {
    speeches: u32,
}

impl Object for Microphone {
    const KIND: &'static str = "studio-microphone";
}

type Mic = Me<Microphone>;

async fn speak(said: Received<AgentSpeaksIntoMicrophone>, mut mic: Mic) -> Result<Mic, Error> {
    if mic.holder() != Some(&said.sender) {
        mic.send_to(&said.sender, &NotAllowed {})?;
        return Ok(mic);
    }
    mic.state.speeches += 1;
    let (speaker, message) = (said.sender.to_string(), said.event.message);
    mic.send(&MicrophoneSounds { speaker, message })?;
    Ok(mic)
}

async fn pass(passed: Received<AgentPassesMicrophone>, mut mic: Mic) -> Result<Mic, Error> {
    match passed.to.parse() {
        Ok(next) if mic.holder() == Some(&passed.sender) => {
            mic.give_to(&next);
            let new_holder_id = passed.event.to;
            mic.send(&NewHolderOfMicrophone { new_holder_id })?;
        }
        _ => mic.send_to(&passed.sender, &NotAllowed {})?,
    }
    Ok(mic)
}

fn main() -> anyhow::Result<()> {
    let microphones = Kind::default()
        .ability("speak", speak)
        .ability("pass", pass);
    let first = Placed::new("mic", Microphone::default()).held_by("ada");
    Worker::builder()
        .object(microphones, [("studio", first)])
        .main()
}
