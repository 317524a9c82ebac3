//! What must hold for every graph and every sequence of events.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::tests::hash;

/// A graph of at most six nodes: edges lead from lower numbers to higher ones.
#[derive(Debug, Clone)]
struct Graph {
    nodes: Vec<Node>,
    edges: Vec<(usize, usize)>,
}

#[derive(Debug, Clone)]
struct Node {
    handles: Vec<&'static str>,
    join: &'static str,
    output: bool,
    background: bool,
    interruptible: bool,
}

const TYPES: [&str; 3] = ["a", "b", "c"];

fn any_node() -> impl Strategy<Value = Node> {
    let handles = prop::sample::subsequence(TYPES.to_vec(), 0..=3);
    let join = prop_oneof![Just("all"), Just("first")];
    let kind = (any::<bool>(), prop::bool::weighted(0.2), any::<bool>());
    (handles, join, kind).prop_map(
        |(handles, join, (output, background, interruptible))| Node {
            handles,
            join,
            output,
            background: background && !output,
            interruptible,
        },
    )
}

fn any_graph() -> impl Strategy<Value = Graph> {
    let nodes = prop::collection::vec(any_node(), 1..7);
    let edges = prop::collection::vec((0_usize..6, 0_usize..6), 0..12);
    (nodes, edges).prop_map(|(nodes, edges)| {
        let count = nodes.len();
        let mut edges: Vec<(usize, usize)> = edges
            .into_iter()
            .map(|(from, to)| (from % count, to % count))
            .filter(|(from, to)| from < to)
            .collect();
        edges.sort_unstable();
        edges.dedup();
        Graph { nodes, edges }
    })
}

impl Graph {
    fn describe(&self) -> Value {
        let nodes = self.nodes.iter().enumerate().map(|(index, node)| {
            let mut handles = node.handles.clone();
            if node.output {
                handles.push("system.llm.request");
            }
            json!({
                "id": format!("n{index}"), "worker": "w", "handles": handles, "join": node.join,
                "output": node.output, "background": node.background,
                "interruptible": node.interruptible,
            })
        });
        let nodes: Vec<Value> = nodes.collect();
        let edges = self.edges.iter();
        let edges: Vec<Value> = edges
            .map(|(from, to)| json!([format!("n{from}"), format!("n{to}")]))
            .collect();
        json!({"nodes": nodes, "edges": edges})
    }
}

#[derive(Debug, Clone)]
enum Act {
    /// The client sends events of these types, in one command.
    Send(Vec<&'static str>),
    Request,
    Interrupt,
    /// A run ends, and its node sends so many events.
    Complete {
        run: u8,
        sends: u8,
    },
    /// A run begins a call of a tool.
    Call {
        run: u8,
        finishes: bool,
    },
    Fail(u8),
    Cancel(u8),
    /// A cancelled run reports.
    Late(u8),
}

fn any_act() -> impl Strategy<Value = Act> {
    let types = prop::collection::vec(prop::sample::select(TYPES.to_vec()), 1..4);
    prop_oneof![
        4 => types.prop_map(Act::Send),
        2 => Just(Act::Request),
        1 => Just(Act::Interrupt),
        8 => (any::<u8>(), 0_u8..3).prop_map(|(run, sends)| Act::Complete { run, sends }),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(run, finishes)| Act::Call { run, finishes }),
        1 => any::<u8>().prop_map(Act::Fail),
        1 => any::<u8>().prop_map(Act::Cancel),
        1 => any::<u8>().prop_map(Act::Late),
    ]
}

/// A session, and what was done in it.
struct Driver {
    story: Story,
    session: SessionId,
    /// How many events each sender has sent; the client is the empty text.
    sent: BTreeMap<String, u64>,
    runs: Vec<RunId>,
    calls: u32,
}

impl Driver {
    fn number(&mut self, sender: &str) -> Value {
        let sent = self.sent.entry(sender.to_owned()).or_default();
        *sent += 1;
        json!({"n": *sent})
    }

    fn run(&mut self, number: u8) -> Option<RunId> {
        let open = self.story.open();
        self.runs.extend(
            open.iter()
                .filter(|run| !self.runs.contains(run))
                .copied()
                .collect::<Vec<_>>(),
        );
        open.get(usize::from(number) % open.len().max(1)).copied()
    }

    fn complete(&mut self, run: RunId, sends: u8) {
        let node = self.story.node_context(run).step.node.to_string();
        let events = (0..sends)
            .map(|_| event("c", &self.number(&node)))
            .collect();
        let output = NodeOutput {
            events,
            ..NodeOutput::default()
        };
        self.story
            .node_completes(run, Some("text"), output)
            .unwrap();
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Send(types) => {
                let events = types
                    .iter()
                    .map(|name| event(name, &self.number("")))
                    .collect();
                self.story.frames(self.session, events);
            }
            Act::Request => {
                let request = event("system.llm.request", &self.number(""));
                self.story.frames(self.session, vec![request]);
            }
            Act::Interrupt => {
                self.story.frames(self.session, vec![interrupt()]);
            }
            Act::Complete { run, sends } => {
                if let Some(run) = self.run(*run) {
                    self.complete(run, *sends);
                }
            }
            Act::Call { run, finishes } => {
                if let Some(run) = self.run(*run) {
                    self.calls += 1;
                    let policy = if *finishes { "finish" } else { "cancel" };
                    let log = tool_log("tool_call_start", &format!("c{}", self.calls), policy);
                    let session = self.story.node_context(run).step.session;
                    self.story.reports((session, run), vec![log], None).unwrap();
                }
            }
            Act::Fail(run) => {
                if let Some(run) = self.run(*run) {
                    self.story.fails(run, "x");
                }
            }
            Act::Cancel(run) => {
                if let Some(run) = self.run(*run) {
                    self.story
                        .send("world", Command::CancelRun { run })
                        .unwrap();
                }
            }
            Act::Late(number) => {
                let run = self.runs.get(usize::from(*number) % self.runs.len().max(1));
                if let Some(run) = run.copied() {
                    // It may have ended in another way, or have reported already.
                    let _ = self
                        .story
                        .reports((self.session, run), vec![], Some("text"));
                }
            }
        }
    }

    /// Lets everything that was begun end.
    fn drain(&mut self) {
        for _ in 0..10_000 {
            match self.story.open().first() {
                Some(run) => self.complete(*run, 0),
                None => return,
            }
        }
        panic!("it does not end");
    }
}

/// The numbers of the events that came to the client, by sender.
fn numbers(frames: &[FlowFrame]) -> BTreeMap<String, Vec<u64>> {
    let mut numbers: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for frame in frames {
        let sender = frame.node.as_ref().map(ToString::to_string);
        if let Some(number) = data(frame)["n"].as_u64() {
            numbers
                .entry(sender.unwrap_or_default())
                .or_default()
                .push(number);
        }
    }
    numbers
}

/// How often answers and calls of tools begin without an end, and the other way round.
fn balance(frames: &[FlowFrame]) -> BTreeMap<String, i32> {
    let mut balance = BTreeMap::new();
    for frame in frames {
        let node = frame
            .node
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let (key, change) = match frame.event_type.as_str() {
            "agent.llm.response.start" => (node, 1),
            "agent.llm.response.end" => (node, -1),
            "agent.log" => {
                let log = data(frame);
                let call = log["payload"]["id"].as_str().unwrap_or_default().to_owned();
                (
                    call,
                    if log["name"] == "tool_call_start" {
                        1
                    } else {
                        -1
                    },
                )
            }
            _ => continue,
        };
        let open = balance.entry(key.clone()).or_insert(0);
        *open += change;
        assert!((0..=1).contains(open), "{key}");
    }
    balance.retain(|_, open| *open != 0);
    balance
}

proptest! {
    #[test]
    fn each_event_reaches_the_client_once_and_in_order(
        graph in any_graph(),
        acts in prop::collection::vec(any_act(), 1..40),
    ) {
        let (story, session) = with_session(&graph.describe());
        let mut driver = Driver {
            story,
            session,
            sent: BTreeMap::new(),
            runs: Vec::new(),
            calls: 0,
        };
        for act in &acts {
            driver.act(act);
            prop_assert!(!driver.story.world.sessions.has_work(), "something was left after {act:?}");
        }
        driver.drain();
        prop_assert!(driver.story.world.sessions.get(session).unwrap().is_quiet());
        // Calls that were to finish end with the session at the latest.
        let end = Command::EndSession {
            session,
            reason: None,
        };
        driver.story.send("guest", end).unwrap();
        let frames = driver.story.client_frames(session);
        prop_assert!(balance(&frames).is_empty(), "{:?}", balance(&frames));
        let expected: BTreeMap<String, Vec<u64>> = driver
            .sent
            .iter()
            .map(|(sender, count)| (sender.clone(), (1..=*count).collect()))
            .collect();
        prop_assert_eq!(numbers(&frames), expected);
        prop_assert_eq!(hash(&driver.story.replayed()), hash(&driver.story.world));
    }

    #[test]
    fn what_happens_in_one_session_changes_no_context_of_another(
        graph in any_graph(),
        acts in prop::collection::vec((any_act(), any::<bool>()), 1..40),
    ) {
        let (mut story, first) = with_session(&graph.describe());
        let (second, _) = story.start(&json!({}));
        let mut driver = Driver {
            story,
            session: second,
            sent: BTreeMap::new(),
            runs: Vec::new(),
            calls: 0,
        };
        driver.act(&Act::Request);
        for (act, in_first) in &acts {
            driver.session = if *in_first { first } else { second };
            let before = driver.story.all_contexts();
            driver.act(act);
            driver.story.check_contexts(&before);
        }
    }
}
