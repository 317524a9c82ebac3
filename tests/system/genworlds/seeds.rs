//! The examples of GenWorlds' page on actions and events, under their own names: over the door, as its
//! clients know them, and over NATS, as programs in Rust do. The actions are an example of the
//! SDK, in a process of its own.

use bus::{Bus, CommitSubscription};
use contract::commit::Position;
use contract::view::GetEntity;
use contract::{CloudEvent, Command, CommandId, CommandRequest, EventId, Seq, WorldId};
use manyworlds_sdk::{Event, JsonSchema, schemars};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Process, Shape};
use testkit::eventually;

use super::client::{Client, PATIENCE, event, saying};
use crate::abilities;

/// An agent speaks with another agent.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
struct AgentSpeaksWithAgentEvent {
    message: String,
}

/// An agent wants to speak with the user.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
struct AgentSpeaksWithUserTriggerEvent {
    message: String,
}

/// An agent speaks with the user.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
struct AgentSpeaksWithUserEvent {
    message: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
struct AgentSpeaksIntoMicrophone {
    message: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
struct MicrophoneSounds {
    speaker: String,
    message: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
struct AgentPassesMicrophone {
    to: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
struct NewHolderOfMicrophone {
    new_holder_id: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
struct NotAllowed {}

fn world() -> WorldId {
    "studio".parse().unwrap()
}

/// An agent with the action of the page, two agents that clients run, and a user.
fn studio() -> Value {
    let calls = json!([{
        "entity": "qna_agent", "ability": "AgentSpeaksWithUser", "target": "test_user",
        "arguments": {"message": "The result is 9.23."},
    }]);
    let rules = json!([{"when": "", "calls": calls, "reply": "I have told you."}]);
    let client = |id: &str| {
        let speaks = json!({
            "name": "AgentSpeaks", "trigger": "agent_speaks_with_agent_event", "run": {"client": {}},
        });
        json!({"id": id, "kind": "agent", "agent": {"brain": {"client": {}}}, "abilities": [speaks]})
    };
    json!({
        "id": "studio", "chats": [{"id": "main", "title": "Studio"}],
        "entities": [
            {"id": "test_user", "kind": "user"},
            client("ada"), client("bob"),
            {
                "id": "qna_agent", "kind": "agent",
                "agent": {"tools": {}, "brain": {"script": {"rules": rules}}},
                "abilities": [{
                    "name": "AgentSpeaksWithUser", "trigger": AgentSpeaksWithUserTriggerEvent::TYPE,
                    "description": "An agent speaks with the user.",
                    "run": {"worker": "assistant-AgentSpeaksWithUser"},
                }],
            },
        ],
    })
}

/// What is in the log, oldest first.
async fn log(bus: &Bus) -> Vec<CloudEvent> {
    let world = world();
    let mut events = Vec::new();
    let mut after: Seq = 0;
    loop {
        let entries = bus.log().read(&world, after).await.unwrap();
        let Some(last) = entries.last() else {
            return events;
        };
        after = last.seq;
        for entry in entries {
            let commit = entry.commit().unwrap();
            for (index, event) in (0..).zip(commit.events) {
                let seq = entry.seq;
                let place = Position { seq, index };
                events.push(CloudEvent::new(&world, place, commit.at, event));
            }
        }
    }
}

async fn microphone_is_there(bus: &Bus) {
    eventually("the microphone is there", async || {
        let world = world();
        let id = "mic".parse().unwrap();
        let worlds = bus.worlds();
        let mic = worlds.view(&world, GetEntity { id }, None, PATIENCE);
        let mic = mic.await.unwrap().view;
        mic.is_some_and(|mic| mic.held_by == "ada".parse().ok())
    })
    .await;
}

/// The door to a studio, and what its log holds.
struct Door {
    cluster: Cluster,
    bus: Bus,
    _worker: Process,
}

impl Door {
    async fn open(example: &str) -> Self {
        let cluster = Cluster::start(Shape::default()).await;
        Http::post(&cluster.gateways, "/v1/worlds", &studio()).await;
        let worker = abilities::worker(&cluster, example, example);
        Self {
            bus: cluster.bus().await,
            cluster,
            _worker: worker,
        }
    }

    async fn client(&self, address: &str) -> Client {
        Client::open(&self.cluster.gateways[0], address).await
    }

    /// The event behind a frame: both say that this is what `sender` sent `target`, in all fields.
    async fn check(
        &self,
        frame: &Value,
        sender: &str,
        target: Option<&str>,
        data: Value,
    ) -> CloudEvent {
        let logged = log(&self.bus).await.into_iter();
        let mut found = logged.filter(|event| frame["event_id"] == json!(event.id));
        let event = found.next().unwrap();
        assert_eq!(event.sender.as_str(), sender);
        let named = event.target.as_ref().map(ToString::to_string);
        assert_eq!(named.as_deref(), target);
        assert_eq!(json!(event.data), data);
        let claims = event.metadata.as_deref().unwrap_or("{}");
        let claims: Value = serde_json::from_str(claims).unwrap();
        let created_at = claims.get("created_at");
        let created_at = created_at.cloned().unwrap_or(json!(event.time));
        let mut expected = json!({
            "event_type": event.event_type, "summary": null,
            "description": event.description.as_deref().unwrap_or_default(),
            "created_at": created_at, "sender_id": sender, "target_id": target,
            "event_id": event.id, "sequence": event.sequence, "recorded_at": event.time,
        });
        for (name, value) in data.as_object().unwrap() {
            expected[name] = value.clone();
        }
        assert_eq!(*frame, expected);
        event
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn agent_speaks_with_agent_event_over_the_door() {
    let door = Door::open("genworlds").await;
    let mut ada = door.client("/ws/studio").await;
    let mut bob = door.client("/ws/studio?entity=bob").await;
    let speaks = AgentSpeaksWithAgentEvent::TYPE;
    assert_eq!(speaks, "agent_speaks_with_agent_event");
    let frame = saying(speaks, "ada", "bob", "Hello, Bob.");
    let echo = ada.say_and_receive(&frame).await;
    let received = bob.expect(speaks).await;
    assert_eq!(received, echo);
    for (name, value) in frame.as_object().unwrap() {
        assert_eq!(&received[name], value, "{name}");
    }
    let data = json!({"message": "Hello, Bob."});
    let event = door.check(&received, "ada", Some("bob"), data).await;
    assert_eq!(event.causationid, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn agent_speaks_with_user_trigger_event_over_the_door() {
    let door = Door::open("genworlds").await;
    let mut user = door.client("/ws/studio").await;
    let mut bob = door.client("/ws/studio?entity=bob").await;
    let asks = "user_speaks_with_agent_event";
    user.say_and_receive(&saying(asks, "test_user", "qna_agent", "2.45 + 6.78?"))
        .await;
    // The agent triggers its own action.
    let trigger = user.expect("agent_speaks_with_user_trigger_event").await;
    let speech = user.expect("agent_speaks_with_user_event").await;
    let (to, data) = (Some("test_user"), json!({"message": "The result is 9.23."}));
    let trigger = door.check(&trigger, "qna_agent", to, data.clone()).await;
    let speech = door.check(&speech, "qna_agent", to, data).await;
    assert_eq!(speech.causationid, Some(trigger.id));
    assert_eq!(
        speech.description.as_deref(),
        Some("An agent speaks with the user.")
    );
    // What the agent ends its turn with is said in the chat.
    let last = user.expect("agent_speaks_with_user_event").await;
    assert_eq!(last["message"], "I have told you.");
    user.say_and_receive(&event("end", "test_user", None)).await;
    let received = bob.expect("agent_speaks_with_user_event").await;
    assert_eq!(received, last, "nobody else received what was for the user");
    // A trigger for nobody named is said to everyone.
    let mut trigger = event("agent_speaks_with_user_trigger_event", "test_user", None);
    trigger["message"] = json!("Good night.");
    user.say_and_receive(&trigger).await;
    let speech = user.expect("agent_speaks_with_user_event").await;
    let data = json!({"message": "Good night."});
    door.check(&speech, "qna_agent", None, data).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_microphone_is_used_and_passed_over_the_door() {
    let door = Door::open("microphone").await;
    microphone_is_there(&door.bus).await;
    let mut ada = door.client("/ws/studio?entity=ada").await;
    let mut bob = door.client("/ws/studio?entity=bob").await;
    let speaks = "agent_speaks_into_microphone";
    let sounds = async |speaker: &mut Client, name: &str, message: &str| {
        let frame = saying(speaks, name, "mic", message);
        let echo = speaker.say_and_receive(&frame).await;
        let received = speaker.expect("microphone_sounds").await;
        let data = json!({"speaker": name, "message": message});
        let event = door.check(&received, "mic", None, data).await;
        assert_eq!(json!(event.causationid), echo["event_id"]);
        received
    };
    let first = sounds(&mut ada, "ada", "Good evening.").await;
    assert_eq!(bob.expect("microphone_sounds").await, first);
    // An agent that does not hold it gets a refusal, and nobody else does.
    let early = saying(speaks, "bob", "mic", "Me, me!");
    let early = bob.say_and_receive(&early).await;
    let refused = bob.expect("not_allowed").await;
    let refused = door.check(&refused, "mic", Some("bob"), json!({})).await;
    assert_eq!(json!(refused.causationid), early["event_id"]);
    let mut pass = event("agent_passes_microphone", "ada", Some("mic"));
    pass["to"] = json!("nobody");
    ada.say_and_receive(&pass).await;
    let refused = ada.expect("error").await;
    assert_eq!(refused["code"], "result_refused", "{refused}");
    assert_eq!(refused["refused"], "agent_passes_microphone", "{refused}");
    pass["to"] = json!("bob");
    let pass = ada.say_and_receive(&pass).await;
    let passed = ada.expect("new_holder_of_microphone").await;
    let data = json!({"new_holder_id": "bob"});
    let event = door.check(&passed, "mic", None, data).await;
    assert_eq!(json!(event.causationid), pass["event_id"]);
    assert_eq!(bob.expect("new_holder_of_microphone").await, passed);
    let last = sounds(&mut bob, "bob", "At last.").await;
    assert_eq!(ada.expect("microphone_sounds").await, last);
}

/// A studio without any gateway.
struct Nats {
    bus: Bus,
    commits: CommitSubscription,
    _worker: Process,
    _cluster: Cluster,
}

impl Nats {
    async fn open(example: &str) -> Self {
        let cluster = Cluster::start(Shape {
            gateways: 0,
            workers: 0,
            archives: 0,
            ..Shape::default()
        })
        .await;
        let bus = cluster.bus().await;
        let mut spec = studio();
        spec.as_object_mut().unwrap().remove("id");
        let spec = serde_json::from_value(spec).unwrap();
        command(&bus, "world", Command::CreateWorld(spec)).await;
        let worker = abilities::worker(&cluster, example, example);
        let commits = bus.log().subscribe_commits(&world()).await.unwrap();
        bus.flush().await.unwrap();
        Self {
            bus,
            commits,
            _worker: worker,
            _cluster: cluster,
        }
    }

    /// Sends an event to an entity; the event that is published holds the same.
    async fn say(&mut self, sender: &str, target: &str, data: &impl Event) -> EventId {
        let mut event = data.encode().unwrap();
        event.target = Some(target.parse().unwrap());
        let events = vec![event];
        let id = command(
            &self.bus,
            sender,
            Command::SendEvents {
                events,
                message: None,
            },
        )
        .await;
        let next_event = self.next_event().await;
        assert_eq!(next_event.id, id.event(0));
        assert_eq!(next_event.sender.as_str(), sender);
        assert_eq!(next_event.target, Some(target.parse().unwrap()));
        assert_eq!(next_event.data.get(), data.encode().unwrap().data.get());
        next_event.id
    }

    /// The next event is this one, in consequence of `cause`.
    async fn expect_event<E: Event + PartialEq + std::fmt::Debug>(
        &mut self,
        sender: &str,
        target: Option<&str>,
        data: E,
        cause: EventId,
    ) {
        let next_event = self.next_event().await;
        assert_eq!(E::decode(&next_event).unwrap(), Some(data));
        assert_eq!(next_event.sender.as_str(), sender);
        assert_eq!(
            next_event.target,
            target.map(|target| target.parse().unwrap()),
            "{next_event:?}"
        );
        assert_eq!(next_event.causation, Some(cause));
        let logged = log(&self.bus).await.into_iter();
        let mut found = logged.filter(|event| event.id == next_event.id);
        let logged = found.next().unwrap();
        assert_eq!(logged.causationid, Some(cause));
        assert_eq!(logged.data.get(), next_event.data.get());
    }

    /// The next event that is not the world's own.
    async fn next_event(&mut self) -> contract::Event {
        loop {
            let stored = tokio::time::timeout(PATIENCE, self.commits.next());
            let commit = stored.await.unwrap().unwrap().entry.commit().unwrap();
            let mut events = commit.events.into_iter();
            if let Some(event) = events.find(|event| !event.event_type.is_reserved()) {
                return event;
            }
        }
    }
}

async fn command(bus: &Bus, sender: &str, command: Command) -> CommandId {
    let id = CommandId::new();
    let request = CommandRequest {
        id,
        sender: sender.parse().unwrap(),
        command,
        trace: None,
        run: None,
        principal: None,
    };
    let answer = bus.worlds().command(&world(), request, PATIENCE).await;
    answer.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn agent_speaks_with_agent_event_over_nats() {
    let mut nats = Nats::open("genworlds").await;
    let message = "Hello, Bob.".to_owned();
    let speech = AgentSpeaksWithAgentEvent { message };
    nats.say("ada", "bob", &speech).await;
    let logged = log(&nats.bus).await;
    let event = logged.last().unwrap();
    assert_eq!(event.event_type.as_str(), "agent_speaks_with_agent_event");
    assert_eq!(
        event.description.as_deref(),
        Some("An agent speaks with another agent.")
    );
    assert_eq!(json!(event.data), json!({"message": "Hello, Bob."}));
    assert_eq!(event.causationid, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn agent_speaks_with_user_trigger_event_over_nats() {
    let mut nats = Nats::open("genworlds").await;
    let message = "The result is 9.23.".to_owned();
    let trigger = AgentSpeaksWithUserTriggerEvent {
        message: message.clone(),
    };
    let cause = nats.say("qna_agent", "test_user", &trigger).await;
    let speech = AgentSpeaksWithUserEvent { message };
    let to = Some("test_user");
    nats.expect_event("qna_agent", to, speech, cause).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_microphone_is_used_and_passed_over_nats() {
    let mut nats = Nats::open("microphone").await;
    microphone_is_there(&nats.bus).await;
    let speech = |message: &str| AgentSpeaksIntoMicrophone {
        message: message.to_owned(),
    };
    let sound = |speaker: &str, message: &str| MicrophoneSounds {
        speaker: speaker.to_owned(),
        message: message.to_owned(),
    };
    let cause = nats.say("ada", "mic", &speech("Good evening.")).await;
    let received = sound("ada", "Good evening.");
    nats.expect_event("mic", None, received, cause).await;
    let cause = nats.say("bob", "mic", &speech("Me, me!")).await;
    nats.expect_event("mic", Some("bob"), NotAllowed {}, cause)
        .await;
    let to = "bob".to_owned();
    let pass = AgentPassesMicrophone { to: to.clone() };
    let cause = nats.say("ada", "mic", &pass).await;
    let passed = NewHolderOfMicrophone { new_holder_id: to };
    nats.expect_event("mic", None, passed, cause).await;
    let cause = nats.say("bob", "mic", &speech("At last.")).await;
    nats.expect_event("mic", None, sound("bob", "At last."), cause)
        .await;
}
