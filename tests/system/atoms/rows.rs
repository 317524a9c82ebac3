//! What the project promises beside Atoms 5.14.0, row by row: each scenario through the door, with what has to
//! come of it. The names of the rows are those of the comparison: A1 to A31 are scenarios in which Atoms was
//! observed, D1 to D9 what its documents promise: D2 is A3 and A7, D4 is A9, and D8 is A19.

mod answers;
mod desk;
mod ends;
mod nodes;
mod tools;
mod wire;
mod worker;

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;

use self::desk::Desk;
use super::slow_client;

/// A scenario.
type Row = for<'a> fn(&'a mut Desk) -> LocalBoxFuture<'a, ()>;

/// Each row, and what is expected of it.
const ROWS: &[(&str, Row)] = &[
    (
        "A1: the first frame out is agent.ready, and nodes begin after it",
        |desk| wire::ready_is_first(desk).boxed_local(),
    ),
    (
        "A3: an unknown type through three nodes arrives, and its payload is equal byte by byte",
        |desk| wire::an_unknown_type_arrives(desk).boxed_local(),
    ),
    (
        "A5: a known type with a missing field is an agent.error, a warning, and the session lives",
        |desk| wire::a_missing_field_is_a_warning(desk).boxed_local(),
    ),
    (
        "A7: an event that nodes ignore passes on, background nodes included",
        |desk| nodes::what_nodes_ignore_passes_on(desk).boxed_local(),
    ),
    (
        "A9: what one branch does to an event, another never sees",
        |desk| nodes::a_branch_sees_the_event_as_it_was_sent(desk).boxed_local(),
    ),
    (
        "A11: an edge to a node that is not there is an error when the flow is declared",
        |desk| wire::an_edge_to_no_node_is_refused(desk).boxed_local(),
    ),
    ("A13: a slow node holds up no sibling", |desk| {
        nodes::a_slow_node_holds_up_no_sibling(desk).boxed_local()
    }),
    (
        "A15: a transcript that waits behind an answer outlives an interrupt",
        |desk| answers::a_waiting_transcript_outlives_an_interrupt(desk).boxed_local(),
    ),
    (
        "A17: a tool that runs at an interrupt has its end in the log",
        |desk| tools::a_tool_ends_at_an_interrupt(desk).boxed_local(),
    ),
    (
        "A19: a failure of a node is an agent.error, fatal or of a background node a warning, and it goes on",
        |desk| nodes::a_failure_is_an_error_and_the_node_goes_on(desk).boxed_local(),
    ),
    (
        "A21: after agent.end_call no request is answered; the session stays open, or ends by its policy",
        |desk| answers::no_request_is_answered_after_the_end_of_a_call(desk).boxed_local(),
    ),
    (
        "A23: every frame of two output nodes has its node and its turn",
        |desk| answers::frames_of_two_nodes_are_attributable(desk).boxed_local(),
    ),
    (
        "A25: each outcome of a tool is a result for the model, and two entries of the log",
        |desk| tools::each_outcome_is_a_result_and_is_logged(desk).boxed_local(),
    ),
    (
        "A27: what was queued when a client disconnected is there when it resumes",
        |desk| ends::what_was_queued_is_there_after_a_disconnection(desk).boxed_local(),
    ),
    (
        "A31: a worker that is killed in the middle of a turn: another answers, once",
        |desk| ends::another_worker_answers_once(desk).boxed_local(),
    ),
    (
        "D1: every event has an id, a type, a time in UTC, metadata, a position and a cause",
        |desk| wire::every_event_has_its_envelope(desk).boxed_local(),
    ),
    (
        "D3: a cycle is an error when the flow is declared, also where no root leads to it",
        |desk| wire::a_cycle_is_refused(desk).boxed_local(),
    ),
    ("D5: hooks are for a type, or for a prefix", |desk| {
        nodes::hooks_are_for_a_type_or_a_prefix(desk).boxed_local()
    }),
    (
        "D6: a session has variables, which nodes read and write",
        |desk| nodes::a_session_has_variables(desk).boxed_local(),
    ),
    (
        "D7: a tool whose policy is to finish does so at an interrupt, and its end is reported",
        |desk| tools::a_tool_may_finish_at_an_interrupt(desk).boxed_local(),
    ),
    (
        "D9: a node of one session that blocks its thread delays no other session",
        |desk| answers::a_session_that_blocks_delays_no_other(desk).boxed_local(),
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_as_expected() {
    let mut desk = Desk::start().await;
    for (row, scenario) in ROWS {
        println!("{row}");
        scenario(&mut desk).await;
    }
}

/// A29: a client that never reads. Atoms grows by 97 MiB.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_costs_at_most_8_mib_and_is_closed_with_3008() {
    let cost = slow_client::measure().await;
    println!("{cost:?}");
    assert!(cost.grown_bytes() <= 8 << 20, "{cost:?}");
    assert_eq!(cost.closed, Some(3008));
}
