//! What nodes do with events.

use serde_json::json;

use super::super::client::types;
use super::desk::Desk;
use super::wire::lives;

pub(super) async fn what_nodes_ignore_passes_on(desk: &Desk) {
    let (mut client, _) = desk.begin("ignoring").await;
    client
        .send(&json!({"type": "note", "text": "x"}))
        .await
        .unwrap();
    assert_eq!(client.expect("note").await["text"], "x");
    // So does what they do not handle.
    lives(&mut client).await;
}

pub(super) async fn a_branch_sees_the_event_as_it_was_sent(desk: &Desk) {
    let (mut client, _) = desk.begin("fork").await;
    client
        .send(&json!({"type": "note", "text": "sent"}))
        .await
        .unwrap();
    let frames = client.until("note").await;
    let text = |event_type: &str| {
        let mut of_type = frames.iter().filter(|frame| frame["type"] == event_type);
        let frame = of_type.next().unwrap_or_else(|| panic!("{frames:?}"));
        assert!(of_type.next().is_none(), "{frames:?}");
        frame["text"].as_str().unwrap()
    };
    assert_eq!(text("note.changed"), "changed");
    assert_eq!(text("note.read"), "sent");
    assert_eq!(text("note"), "sent");
}

pub(super) async fn a_slow_node_holds_up_no_sibling(desk: &Desk) {
    let (mut client, _) = desk.begin("siblings").await;
    for n in 0..3 {
        client.send(&json!({"type": "note", "n": n})).await.unwrap();
    }
    for n in 0..3 {
        assert_eq!(client.expect("note.read").await["n"], n);
    }
    desk.gates.notes.add_permits(3);
    for n in 0..3 {
        assert_eq!(client.expect("note").await["n"], n);
    }
}

pub(super) async fn a_failure_is_an_error_and_the_node_goes_on(desk: &Desk) {
    for (flow, severity) in [("failing", "fatal"), ("failing_behind", "warning")] {
        let (mut client, _) = desk.begin(flow).await;
        for bad in [true, false] {
            let note = json!({"type": "note", "bad": bad});
            client.send(&note).await.unwrap();
        }
        // Those of a background node may overtake its errors.
        let frames = client.receive(4).await;
        let error = frames
            .iter()
            .find(|frame| frame["type"] == "agent.error")
            .unwrap();
        assert_eq!(
            (&error["severity"], &error["metadata"]["node"]),
            (&json!(severity), &json!("fails")),
            "{error}"
        );
        assert_eq!(error["payload"]["error_class"], "broken");
        let mut found = types(&frames);
        found.sort_unstable();
        assert_eq!(found, ["agent.error", "agent.speak", "note", "note"]);
        lives(&mut client).await;
    }
}

pub(super) async fn hooks_are_for_a_type_or_a_prefix(desk: &Desk) {
    let (mut client, _) = desk.begin("hooks").await;
    client.send(&json!({"type": "order.paid"})).await.unwrap();
    let frames = client.until("order.paid").await;
    assert_eq!(types(&frames), ["hook.type", "hook.prefix", "order.paid"]);
    client.send(&json!({"type": "order.sent"})).await.unwrap();
    let frames = client.until("order.sent").await;
    assert_eq!(types(&frames), ["hook.prefix", "order.sent"]);
}

pub(super) async fn a_session_has_variables(desk: &Desk) {
    let (mut client, ready) = desk.begin("counting").await;
    for _ in 0..2 {
        client.send(&json!({"type": "note"})).await.unwrap();
        client.expect("note").await;
    }
    assert_eq!(desk.session(&ready).await["variables"]["count"], 2);
}
