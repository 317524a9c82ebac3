//! Diagrams as texts.

use super::machine;
use crate::behaviours::{dot, mermaid};

const DOCUMENT: &str = r#"{"initial": "ask", "states": {
    "ask": {"action": "nop", "args": {"message": "it's <agent>"}, "transitions": [
        {"action": "send", "args": {"action_name": "process", "target": "w", "streams": {"stdin": ["c:question"]}, "wait_completion": true},
         "to": "got", "on_failure": "lost", "retry_seconds": 2.5, "max_seconds": 30}]},
    "got": {"blocking": false, "transitions": [
        {"action": "process", "ready": false, "to": "got"},
        {"action": "learn", "ready": false, "to": "got"},
        {"action": "nop", "to": "got"}]},
    "lost": {}},
    "teleports": [{"from": "all", "action": "disconnected", "delay_seconds": 5, "to": "ask"}]}"#;

#[test]
fn graphviz() {
    let expected = r##"digraph behaviour {
  node [fontsize=8];
  edge [fontsize=8];
  node0 [id="node0", label="ask\nnop(message='it's <agent>')", shape=diamond, style=filled];
  node1 [id="node1", label="got", shape=oval, style=solid];
  node2 [id="node2", label="lost", shape=oval, style=filled];
  node0 -> node1 [id="edge0", label=" 1.send(action_name='process',\nstreams={stdin: ['c:question']},\ntarget='w', wait_completion=true)\n[max_duration=30, retry_timeout=2.5] ", style=solid, color="#000000", fontcolor="#000000"];
  node0 -> node2 [id="edge1", label=" 1.on failure ", style=dotted, color="#000000", fontcolor="#000000"];
  node1 -> node1 [id="edge2", label=" 1.process()\n2.learn() ", style=dashed, color="#000000", fontcolor="#000000"];
  node1 -> node1 [id="edge4", label=" 3.nop() ", style=solid, color="#000000", fontcolor="#000000"];
  node1 -> node0 [id="edge5", label=" 4.disconnected()\n[delay=5] ", style=solid, color="#00000050", fontcolor="#00000050"];
  node2 -> node0 [id="edge6", label=" 1.disconnected()\n[delay=5] ", style=solid, color="#00000050", fontcolor="#00000050"];
}
"##;
    assert_eq!(dot(&machine(DOCUMENT)), expected);
}

#[test]
fn a_mermaid_diagram() {
    let expected = r"stateDiagram-v2
    state 'ask<br/>nop(message=#39;it#39;s #60;agent#62;#39;)' as s0
    state 'got' as s1
    state 'lost' as s2
    [*] --> s0
    s0 --> s1 : 1.send(action_name=#39;process#39;,<br/>streams=#123;stdin#58; #91;#39;c#58;question#39;#93;#125;,<br/>target=#39;w#39;, wait_completion=true)<br/>#91;max_duration=30, retry_timeout=2.5#93;
    s0 --> s2 : 1.on failure
    s1 --> s1 : 1.process()<br/>2.learn()<br/>(request)
    s1 --> s1 : 3.nop()
    s1 --> s0 : 4.disconnected()<br/>#91;delay=5#93;<br/>(teleport)
    s2 --> s0 : 1.disconnected()<br/>#91;delay=5#93;<br/>(teleport)
    classDef blocking fill:#d3d3d3,color:#000000
    class s0 blocking
    class s2 blocking
";
    let expected = expected.replace(" '", " \"").replace("' as", "\" as");
    assert_eq!(mermaid(&machine(DOCUMENT)), expected);
}

#[test]
fn names_and_texts_are_escaped() {
    let name = r#""a\"b\\N&lt;\n%% --> : direction TB""#;
    let message = r#""\"; node0 [x] \\\" é \u0007""#;
    let document = format!(
        r#"{{"initial": {name}, "states": {{{name}: {{"transitions": [
            {{"action": "nop", "args": {{"message": {message}}}, "to": {name}}}]}}}}}}"#
    );
    let machine = machine(&document);
    let drawn = dot(&machine);
    let node = r#"label="a\"b\\N&amp;lt; %% --> : direction TB", shape"#;
    assert!(drawn.contains(node), "{drawn}");
    let edge = r#"label=" 1.nop(message='\"; node0 [x] \\\" é  ') ", style"#;
    assert!(drawn.contains(edge), "{drawn}");
    let drawn = mermaid(&machine);
    let state = r#"state "a#34;b#92;N#38;lt#59;#32;#37;#37; --#62; #58; #100;irection TB" as s0"#;
    assert!(drawn.contains(state), "{drawn}");
    assert_eq!(drawn.lines().count(), 6, "{drawn}");
}
