//! What was written yesterday still parses today: one file for each kind of message.
//!
//! A file is never changed. A message that gains a field gains a file, or an entry in one.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it does not expect"
)]

use std::collections::BTreeSet;
use std::fmt::Debug;

use manyworlds_contract::brain::{Llm, Provider};
use manyworlds_contract::query::{
    ChatRow, ChatsQuery, EventRow, EventsQuery, HistoryQuery, HistoryRow, MessageRow,
    MessagesQuery, QueryReply,
};
use manyworlds_contract::query::{
    InteractionRow, InteractionsQuery, SessionRow, SessionsQuery, UsageOverTimeQuery, UsageQuery,
    UsageRow, WorldRow, WorldsQuery,
};
use manyworlds_contract::tool::{
    CheckMcpServers, McpServerCheck, McpServerStatus, ReadResource, RestartMcpServer,
};
use manyworlds_contract::view::{
    EncodedView, GetAgents, GetApprovals, GetEventTypes, GetOutline, GetProfile, GetRoster,
    GetStatistics, GetView, GetWhole, ViewRequest,
};
use manyworlds_contract::{
    Chunk, CloudEvent, Command, Commit, EventType, Fact, FactKind, RejectionCode, Reply, Request,
    RequestEnvelope, Run,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

macro_rules! golden {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../golden/", $name, ".json")))
            .unwrap()
    };
}

/// Parses the message, with and without a field of tomorrow, and finds all of it again.
fn check<T: Serialize + DeserializeOwned + Debug>(golden: &Value) -> T {
    let text = golden.to_string();
    let parsed: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(serde_json::to_value(&parsed).unwrap(), *golden);
    if let Value::Object(mut object) = golden.clone() {
        // An enum is an object with one field, its variant: the message is inside it.
        let is_enum = object.len() == 1;
        match object.values_mut().next() {
            Some(Value::Object(inside)) if is_enum => inside.insert("of_tomorrow".into(), json!(1)),
            _ => object.insert("of_tomorrow".into(), json!(1)),
        };
        let text = Value::Object(object).to_string();
        serde_json::from_str::<T>(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    }
    parsed
}

#[test]
fn the_log_and_the_queue() {
    check::<Commit>(&golden!("commit"));
    check::<Run>(&golden!("invocation"));
    check::<Chunk>(&golden!("chunk"));
    check::<Chunk>(&golden!("chunk_progress"));
    check::<Chunk>(&golden!("chunk_session"));
    check::<CloudEvent>(&golden!("cloud_event"));
}

#[test]
fn the_options_of_a_model() {
    let llm = golden!("llm");
    check::<Llm>(&llm);
    // Other clients write the name of this provider with a hyphen.
    let provider = |name: &str| serde_json::from_value::<Provider>(json!(name)).unwrap();
    assert_eq!(provider("openai-compatible"), provider("openai_compatible"));
}

#[test]
fn requests_and_replies() {
    let mut names = BTreeSet::new();
    for request in golden!("requests").as_array().unwrap() {
        if let Request::Command(request) = check::<Request>(request) {
            names.insert(name(&request.command));
        }
    }
    assert_eq!(names.len(), COMMANDS, "a command has no golden entry");
    let request = golden!("requests").as_array().unwrap()[0].clone();
    check::<RequestEnvelope>(&json!({"request": request, "trace": "00-0-0-01"}));
    for reply in golden!("replies").as_array().unwrap() {
        check::<Reply>(reply);
    }
}

#[test]
fn every_view_and_its_request() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/views");
    let mut names = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let golden: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for entry in golden.as_array().unwrap() {
            let name = check_entry(&entry[0], &entry[1]);
            assert_eq!(path.file_stem().unwrap(), name);
            names.insert(name);
        }
    }
    assert_eq!(names.len(), VIEWS, "a view has no golden file");
}

/// Checks a request for a view and its answer, as they travel. Returns the name of the view.
fn check_entry(request: &Value, view: &Value) -> &'static str {
    let mut state = json!({"state": {"at": 7, "view": request}});
    if request == "whole" {
        // It is what is meant when nothing is named.
        state["state"].as_object_mut().unwrap().remove("view");
    }
    let Request::State { view: wanted, .. } = check::<Request>(&state) else {
        panic!("{state}");
    };
    check_view(&wanted, view);
    let encoded = EncodedView::new(7, view).unwrap();
    let reply = serde_json::to_value(Reply::View(encoded)).unwrap();
    assert_eq!(reply, json!({"state": {"seq": 7, "state": view}}));
    view_name(&wanted)
}

const VIEWS: usize = 33;

/// A new request for a view does not compile here until it is counted.
fn view_name(request: &ViewRequest) -> &'static str {
    match request {
        ViewRequest::Whole => "whole",
        ViewRequest::Outline => "outline",
        ViewRequest::Profile => "profile",
        ViewRequest::Entity(_) => "entity",
        ViewRequest::Entities(_) => "entities",
        ViewRequest::Agent(_) => "agent",
        ViewRequest::Agents => "agents",
        ViewRequest::Chat(_) => "chat",
        ViewRequest::ChatOutline(_) => "chat_outline",
        ViewRequest::Chats(_) => "chats",
        ViewRequest::Run(_) => "run",
        ViewRequest::Runs(_) => "runs",
        ViewRequest::Approval(_) => "approval",
        ViewRequest::Approvals => "approvals",
        ViewRequest::Activity(_) => "activity",
        ViewRequest::EventTypes => "event_types",
        ViewRequest::Interaction(_) => "interaction",
        ViewRequest::Interactions(_) => "interactions",
        ViewRequest::Requests(_) => "requests",
        ViewRequest::Stream(_) => "stream",
        ViewRequest::Streams(_) => "streams",
        ViewRequest::StreamBatches(_) => "stream_batches",
        ViewRequest::Behaviour(_) => "behaviour",
        ViewRequest::Diagram(_) => "diagram",
        ViewRequest::ActionResult(_) => "action_result",
        ViewRequest::Flow(_) => "flow",
        ViewRequest::Flows(_) => "flows",
        ViewRequest::FlowDiagram(_) => "flow_diagram",
        ViewRequest::Session(_) => "session",
        ViewRequest::Sessions(_) => "sessions",
        ViewRequest::Roster => "roster",
        ViewRequest::Statistics => "statistics",
        ViewRequest::All(_) => "all",
    }
}

/// Parses the view as the type that its request names, and finds all of it again.
fn check_view(request: &ViewRequest, view: &Value) {
    fn read<G: GetView>(_request: G, view: &Value)
    where
        G::View: Serialize + Debug,
    {
        let text = view.to_string();
        let parsed: G::View =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let again = serde_json::to_string(&parsed).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&again).unwrap(), *view);
    }
    match request {
        ViewRequest::Whole => read(GetWhole, view),
        ViewRequest::Outline => read(GetOutline, view),
        ViewRequest::Profile => read(GetProfile, view),
        ViewRequest::Entity(get) => read(get.clone(), view),
        ViewRequest::Entities(get) => read(get.clone(), view),
        ViewRequest::Agent(get) => read(get.clone(), view),
        ViewRequest::Agents => read(GetAgents, view),
        ViewRequest::Chat(get) => read(get.clone(), view),
        ViewRequest::ChatOutline(get) => read(get.clone(), view),
        ViewRequest::Chats(get) => read(get.clone(), view),
        ViewRequest::Run(get) => read(get.clone(), view),
        ViewRequest::Runs(get) => read(get.clone(), view),
        ViewRequest::Approval(get) => read(get.clone(), view),
        ViewRequest::Approvals => read(GetApprovals, view),
        ViewRequest::Activity(get) => read(get.clone(), view),
        ViewRequest::EventTypes => read(GetEventTypes, view),
        ViewRequest::Interaction(get) => read(get.clone(), view),
        ViewRequest::Interactions(get) => read(get.clone(), view),
        ViewRequest::Requests(get) => read(get.clone(), view),
        ViewRequest::Stream(get) => read(get.clone(), view),
        ViewRequest::Streams(get) => read(get.clone(), view),
        ViewRequest::StreamBatches(get) => read(get.clone(), view),
        ViewRequest::Behaviour(get) => read(get.clone(), view),
        ViewRequest::Diagram(get) => read(get.clone(), view),
        ViewRequest::ActionResult(get) => read(get.clone(), view),
        ViewRequest::Flow(get) => read(get.clone(), view),
        ViewRequest::Flows(get) => read(get.clone(), view),
        ViewRequest::FlowDiagram(get) => read(get.clone(), view),
        ViewRequest::Session(get) => read(get.clone(), view),
        ViewRequest::Sessions(get) => read(get.clone(), view),
        ViewRequest::Roster => read(GetRoster, view),
        ViewRequest::Statistics => read(GetStatistics, view),
        ViewRequest::All(requests) => {
            let views = view.as_array().unwrap();
            assert_eq!(requests.len(), views.len());
            for (request, view) in requests.iter().zip(views) {
                check_view(request, view);
            }
        }
    }
}

#[test]
fn the_rejection_code_of_a_newer_world_is_still_a_rejection() {
    let reply = json!({"rejected": {"code": "from_the_future", "detail": "no"}});
    let reply: Reply = serde_json::from_value(reply).unwrap();
    let Reply::Rejected(rejection) = reply else {
        panic!("{reply:?}")
    };
    assert_eq!(rejection.code, RejectionCode::Other);
    assert_eq!(rejection.detail, "no");
}

#[test]
fn every_built_in_event() {
    let mut seen = BTreeSet::new();
    for entry in golden!("facts").as_array().unwrap() {
        let event_type: EventType = serde_json::from_value(entry[0].clone()).unwrap();
        let data = serde_json::value::to_raw_value(&entry[1]).unwrap();
        let fact = Fact::parse(&event_type, &data).unwrap().unwrap();
        assert_eq!(fact.event_type(), event_type);
        let again: Value = serde_json::from_str(fact.to_data().unwrap().get()).unwrap();
        assert_eq!(again, entry[1]);
        seen.insert(event_type.to_string());
    }
    assert_eq!(
        seen,
        FactKind::ALL
            .iter()
            .map(|kind| kind.name().to_owned())
            .collect()
    );
}

#[test]
fn an_object_whose_action_runs_may_be_called_an_entity() {
    let data = r#"{"action": "use", "entity": "bell", "deadline": "2026-01-31T12:05:00.000Z"}"#;
    let data = serde_json::value::RawValue::from_string(data.to_owned()).unwrap();
    let event_type = EventType::of(FactKind::ActionRequested);
    let fact = Fact::parse(&event_type, &data).unwrap();
    let Some(Fact::ActionRequested(requested)) = fact else {
        panic!("{fact:?}");
    };
    assert_eq!(requested.entity.as_str(), "bell");
}

#[test]
fn queries_and_answers() {
    let queries = golden!("queries");
    check::<WorldsQuery>(&queries["worlds"]);
    check::<ChatsQuery>(&queries["chats"]);
    check::<MessagesQuery>(&queries["messages"]);
    check::<HistoryQuery>(&queries["history"]);
    check::<EventsQuery>(&queries["events"]);
    check::<EventsQuery>(&queries["events_heard"]);
    check::<UsageQuery>(&queries["usage"]);
    check::<UsageOverTimeQuery>(&queries["usage_over_time"]);
    check::<InteractionsQuery>(&queries["interactions"]);
    check::<InteractionsQuery>(&queries["interactions_of_a_world"]);
    check::<EventsQuery>(&queries["events_of_a_session"]);
    check::<SessionsQuery>(&queries["sessions"]);
    let answers = golden!("answers");
    check::<QueryReply<WorldRow>>(&answers["worlds"]);
    check::<QueryReply<ChatRow>>(&answers["chats"]);
    check::<QueryReply<MessageRow>>(&answers["messages"]);
    check::<QueryReply<HistoryRow>>(&answers["history"]);
    check::<QueryReply<EventRow>>(&answers["events"]);
    check::<QueryReply<UsageRow>>(&answers["usage"]);
    check::<QueryReply<UsageRow>>(&answers["usage_over_time"]);
    check::<QueryReply<InteractionRow>>(&answers["interactions"]);
    check::<QueryReply<SessionRow>>(&answers["sessions"]);
    check::<QueryReply<WorldRow>>(&answers["unavailable"]);
    check::<QueryReply<WorldRow>>(&answers["invalid"]);
}

#[test]
fn servers_of_tools() {
    let mcp = golden!("mcp");
    for status in mcp["statuses"].as_array().unwrap() {
        check::<McpServerStatus>(status);
    }
    for servers in mcp["checks"].as_array().unwrap() {
        check::<CheckMcpServers>(servers);
    }
    for checked in mcp["checked"].as_array().unwrap() {
        check::<McpServerCheck>(checked);
    }
    check::<RestartMcpServer>(&mcp["restart"]);
    for read in mcp["reads"].as_array().unwrap() {
        check::<ReadResource>(read);
    }
}

const COMMANDS: usize = 49;

/// A new command does not compile here until it is counted.
fn name(command: &Command) -> &'static str {
    match command {
        Command::CreateWorld(_) => "create_world",
        Command::ApplyWorld(_) => "apply_world",
        Command::ApplyStoredWorld { .. } => "apply_stored_world",
        Command::UpdateWorld(_) => "update_world",
        Command::DeleteWorld => "delete_world",
        Command::ForgetMemory { .. } => "forget_memory",
        Command::NewChat(_) => "new_chat",
        Command::OpenChat { .. } => "open_chat",
        Command::BranchChat { .. } => "branch_chat",
        Command::RemoveMessage { .. } => "remove_message",
        Command::EditMessage { .. } => "edit_message",
        Command::CreateEntity(_) => "create_entity",
        Command::UpdateEntity(_) => "update_entity",
        Command::RemoveEntity { .. } => "remove_entity",
        Command::CreateChat(_) => "create_chat",
        Command::UpdateChat { .. } => "update_chat",
        Command::DeleteChat { .. } => "delete_chat",
        Command::PostMessage { .. } => "post_message",
        Command::SendEvents { .. } => "send_events",
        Command::RequestAction { .. } => "request_action",
        Command::Complete { .. } => "complete",
        Command::CancelRun { .. } => "cancel_invocation",
        Command::ChangeEntities { .. } => "change_entities",
        Command::ReportConnections { .. } => "report_connections",
        Command::EndConnections { .. } => "end_connections",
        Command::RegisterEventType(_) => "register_event_type",
        Command::Decide { .. } => "decide",
        Command::StopChat { .. } => "stop_chat",
        Command::RequestInteraction(_) => "request_interaction",
        Command::CancelInteraction { .. } => "cancel_interaction",
        Command::CompleteInteraction { .. } => "complete_interaction",
        Command::PutBehaviour { .. } => "put_behaviour",
        Command::RemoveBehaviour { .. } => "remove_behaviour",
        Command::PauseBehaviour { .. } => "pause_behaviour",
        Command::ResumeBehaviour { .. } => "resume_behaviour",
        Command::UseAction { .. } => "use_action",
        Command::SetRole { .. } => "set_role",
        Command::PutStream(_) => "put_stream",
        Command::RemoveStream { .. } => "remove_stream",
        Command::AppendSamples(_) => "append_samples",
        Command::PutFlow { .. } => "put_flow",
        Command::RemoveFlow { .. } => "remove_flow",
        Command::StartSession { .. } => "start_session",
        Command::SendSessionEvents { .. } => "send_session_events",
        Command::EndSession { .. } => "end_session",
        Command::ReportNode { .. } => "report_node",
        Command::SetTimer(_) => "set_timer",
        Command::CancelTimer { .. } => "cancel_timer",
        Command::FireDue => "wake",
    }
}
