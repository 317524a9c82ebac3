//! A microphone that agents pass on, and that only its holder can speak into.

use manyworlds_sdk::{
    Error, Event, JsonSchema, Object, ObjectCtx, ObjectType, Placement, Received, Worker, schemars,
};
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
    const TYPE: &'static str = "studio-microphone";
}

type Mic = ObjectCtx<Microphone>;

async fn speak(event: Received<AgentSpeaksIntoMicrophone>, mut mic: Mic) -> Result<Mic, Error> {
    if mic.holder() != Some(&event.sender) {
        mic.send_to(&event.sender, &NotAllowed {})?;
        return Ok(mic);
    }
    mic.state.speeches += 1;
    let (speaker, message) = (event.sender.to_string(), event.event.message);
    mic.send(&MicrophoneSounds { speaker, message })?;
    Ok(mic)
}

async fn pass(event: Received<AgentPassesMicrophone>, mut mic: Mic) -> Result<Mic, Error> {
    match event.to.parse() {
        Ok(next) if mic.holder() == Some(&event.sender) => {
            mic.give_to(&next);
            let new_holder_id = event.event.to;
            mic.send(&NewHolderOfMicrophone { new_holder_id })?;
        }
        _ => mic.send_to(&event.sender, &NotAllowed {})?,
    }
    Ok(mic)
}

fn main() -> anyhow::Result<()> {
    let microphones = ObjectType::default()
        .ability("speak", speak)
        .ability("pass", pass);
    let first = Placement::new("mic", Microphone::default()).held_by("ada");
    Worker::builder()
        .object(microphones, [("studio", first)])
        .main()
}
