//! The archive against a real nats-server, with SQLite and with PostgreSQL.
#![expect(
    clippy::unwrap_used,
    reason = "the tests are functions that run once for each database"
)]

mod branches;
mod database;
mod faults;
mod identity;
mod interactions;
mod outages;
mod sessions;
mod support;
mod usage;
mod visibility;
mod write_failures;

use branches::{
    a_message_is_found_with_those_before_it,
    a_removed_message_is_deleted_and_a_branch_keeps_its_copy,
};
use contract::fact::Empty;
use contract::query::{EventsQuery, MessagesQuery, PageStart, WorldsQuery};
use contract::{EntityKind, Fact, Position, Target};
use database::TestDatabase;
use identity::{
    a_database_ahead_of_its_log_is_not_served_whatever_is_appended,
    a_database_of_an_earlier_version_is_identified_by_its_events,
    a_database_of_another_log_is_neither_served_nor_written,
    a_database_that_is_replaced_is_noticed_by_every_replica, a_log_that_is_created_anew_is_noticed,
    a_mismatch_is_rebuilt_where_configured, a_rebuild_that_was_stopped_is_completed,
    a_world_that_was_purged_meanwhile_leaves_no_rows, one_world_is_rebuilt_while_others_are_served,
    rows_that_are_incomplete_are_not_served,
};
use interactions::{
    a_request_whose_id_comes_again_replaces_the_earlier,
    an_interaction_is_a_row_that_follows_its_events,
    interactions_are_listed_by_requester_target_and_status,
};
use outages::{a_database_may_be_unavailable_at_the_start, a_restart_of_nats_is_survived};
use sessions::{
    a_session_is_a_row_from_its_beginning_to_its_end, sessions_are_listed_by_flow_client_and_status,
};
use support::{
    Harness, answer, append_many, assert_numbered, chat, complete, custom, delete_chat, entity,
    event, events_of, messages_of, post, spent, texts,
};
use testkit::eventually;
use usage::{
    a_reply_that_lacks_hours_has_more, costs_are_added_up_by_currency_hour_and_day,
    numbers_that_can_not_be_are_bounded,
    usage_of_an_earlier_version_is_kept_and_has_its_hours_after_a_rebuild,
};
use visibility::events_that_an_entity_received_are_found;
use write_failures::writes_that_fail_are_made_good_later;

/// Makes a test of each function for each database.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod sqlite {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::Harness::new(super::TestDatabase::sqlite()).await).await;
            }
        )*}
        mod postgres {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::Harness::new(super::TestDatabase::postgres().await).await).await;
            }
        )*}
    };
}

on_both! {
    replies_hold_what_the_log_holds
    a_removed_message_is_deleted_and_a_branch_keeps_its_copy
    a_message_is_found_with_those_before_it
    events_are_paged_in_order_and_byte_for_byte
    events_that_an_entity_received_are_found
    messages_are_paged_from_either_end
    a_search_takes_its_text_literally
    a_query_waits_for_its_commit
    a_restart_loses_and_duplicates_nothing
    a_rebuild_gives_the_same_rows
    two_replicas_archive_each_commit_once
    the_rows_of_a_deleted_world_are_deleted
    the_id_of_a_deleted_world_can_be_reused
    a_malformed_commit_is_a_dead_letter
    a_database_may_be_unavailable_at_the_start
    a_restart_of_nats_is_survived
    writes_that_fail_are_made_good_later
    a_page_that_is_larger_than_a_message_is_truncated
    a_database_of_another_log_is_neither_served_nor_written
    a_database_ahead_of_its_log_is_not_served_whatever_is_appended
    a_database_that_is_replaced_is_noticed_by_every_replica
    a_mismatch_is_rebuilt_where_configured
    a_database_of_an_earlier_version_is_identified_by_its_events
    a_log_that_is_created_anew_is_noticed
    a_world_that_was_purged_meanwhile_leaves_no_rows
    one_world_is_rebuilt_while_others_are_served
    a_rebuild_that_was_stopped_is_completed
    rows_that_are_incomplete_are_not_served
    costs_are_added_up_by_currency_hour_and_day
    numbers_that_can_not_be_are_bounded
    a_reply_that_lacks_hours_has_more
    usage_of_an_earlier_version_is_kept_and_has_its_hours_after_a_rebuild
    an_interaction_is_a_row_that_follows_its_events
    interactions_are_listed_by_requester_target_and_status
    a_request_whose_id_comes_again_replaces_the_earlier
    a_session_is_a_row_from_its_beginning_to_its_end
    sessions_are_listed_by_flow_client_and_status
}

async fn replies_hold_what_the_log_holds(harness: Harness) {
    let replica = harness.start_replica().await;
    let (world, _) = harness.create("lobby").await;
    harness
        .append(
            &world,
            vec![post("guest", "main", "hello"), answer("ada", "main", "hi")],
        )
        .await;
    let bob = |kind| entity("bob", kind);
    let events = vec![
        event("world", Some("side"), &Fact::ChatCreated(chat("side"))),
        event("world", None, &Fact::EntityCreated(bob(EntityKind::Agent))),
        answer("bob", "side", "one"),
        event("world", None, &Fact::EntityUpdated(bob(EntityKind::User))),
        post("bob", "side", "two"),
        complete("ada", spent(10, 2)),
        complete("ada", spent(5, 1)),
    ];
    let seq = harness.append(&world, events).await;

    let worlds = harness.worlds(seq).await;
    assert_eq!(worlds.len(), 1);
    assert_eq!((worlds[0].name.as_str(), worlds[0].seq), ("The lobby", seq));
    let messages = harness.messages(&world, seq).await;
    assert_eq!(texts(&messages), ["hello", "hi", "one", "two"]);
    let by_agent: Vec<bool> = messages.iter().map(|row| row.message.from_agent).collect();
    assert_eq!(by_agent, [false, true, true, false]);
    let chats = harness.chats(&world, seq).await;
    let chats: Vec<_> = chats
        .iter()
        .map(|row| (row.title.as_str(), row.messages))
        .collect();
    assert_eq!(chats, [("About side", 2), ("About main", 2)]);
    let usage = harness.usage(&world, seq).await;
    assert_eq!(usage.len(), 1);
    assert_eq!(
        (
            usage[0].answers,
            usage[0].input_tokens,
            usage[0].output_tokens
        ),
        (2, 15, 3)
    );

    let seq = harness.append(&world, vec![delete_chat("side")]).await;
    assert_eq!(harness.chats(&world, seq).await.len(), 1);
    assert_eq!(texts(&harness.messages(&world, seq).await), ["hello", "hi"]);
    replica.stop().await;
}

async fn events_are_paged_in_order_and_byte_for_byte(harness: Harness) {
    let replica = harness.start_replica().await;
    let (world, _) = harness.create("lobby").await;
    let payload = r#"{ "z":1.50, "a" : "\u0000 ?", "big":123456789012345678901 }"#;
    let mut sent: Vec<_> = (0..7)
        .map(|_| custom("guest", None, "app.made.x", payload))
        .collect();
    sent[3].target = Some(Target::Entities(vec![
        "b".parse().unwrap(),
        "ada".parse().unwrap(),
    ]));
    sent[4].target = Some("role:ada".parse().unwrap());
    sent[5].chat = Some("main".parse().unwrap());
    sent[6].event_type = "app.made_other".parse().unwrap();
    let ids: Vec<_> = sent.iter().map(|event| event.id).collect();
    let seq = harness.append(&world, sent).await;

    let fetch_page = async |query: EventsQuery| {
        let (rows, more) = harness.query(query).await;
        let ids: Vec<_> = rows.iter().map(|row| row.event.id).collect();
        (ids, more, rows)
    };
    let after = Position { seq, index: 1 };
    let page = EventsQuery {
        after,
        limit: 3,
        ..events_of(&world, seq)
    };
    let (found, more, rows) = fetch_page(page).await;
    assert_eq!((found, more), (ids[2..5].to_vec(), true));
    assert!(rows.iter().all(|row| row.event.data.get() == payload));
    let page = EventsQuery {
        after: rows[2].position,
        limit: 2,
        ..events_of(&world, seq)
    };
    let (found, more, _) = fetch_page(page).await;
    assert_eq!((found, more), (ids[5..].to_vec(), false));

    let of_type = EventsQuery {
        event_type: Some("app.made.*".into()),
        ..events_of(&world, seq)
    };
    assert_eq!(fetch_page(of_type).await.0, ids[..6]);
    let of_type = EventsQuery {
        event_type: Some("app.made_other".into()),
        ..events_of(&world, seq)
    };
    assert_eq!(fetch_page(of_type).await.0, ids[6..]);
    let for_ada = EventsQuery {
        entity: Some("ada".parse().unwrap()),
        ..events_of(&world, seq)
    };
    assert_eq!(fetch_page(for_ada).await.0, ids[3..4]);
    let in_chat = EventsQuery {
        chat: Some("main".parse().unwrap()),
        after,
        ..events_of(&world, seq)
    };
    assert_eq!(fetch_page(in_chat).await.0, ids[5..6]);
    replica.stop().await;
}

async fn messages_are_paged_from_either_end(harness: Harness) {
    let replica = harness.start_replica().await;
    let (world, _) = harness.create("lobby").await;
    let posts = (0..5)
        .map(|number| post("guest", "main", &number.to_string()))
        .collect();
    let seq = harness.append(&world, posts).await;
    let fetch_page = async |page, limit| {
        let chat = Some("main".parse().unwrap());
        let query = MessagesQuery {
            chat,
            page,
            limit,
            ..messages_of(&world, seq)
        };
        let (rows, more) = harness.query(query).await;
        (texts(&rows).join(""), more)
    };
    let at = |index| Position { seq, index };
    assert_eq!(fetch_page(PageStart::Newest, 2).await, ("34".into(), true));
    assert_eq!(
        fetch_page(PageStart::Newest, 5).await,
        ("01234".into(), false)
    );
    assert_eq!(
        fetch_page(PageStart::Before(at(3)), 2).await,
        ("12".into(), true)
    );
    assert_eq!(
        fetch_page(PageStart::Before(at(1)), 0).await,
        ("0".into(), false)
    );
    assert_eq!(
        fetch_page(PageStart::After(at(1)), 2).await,
        ("23".into(), true)
    );
    assert_eq!(
        fetch_page(PageStart::After(at(3)), 2).await,
        ("4".into(), false)
    );
    replica.stop().await;
}

async fn a_search_takes_its_text_literally(harness: Harness) {
    let replica = harness.start_replica().await;
    let (world, _) = harness.create("lobby").await;
    let sent_texts = ["100% SURE", "a_b", "axb", r"back\slash", "Ärger\0"];
    let posts = sent_texts
        .iter()
        .map(|text| post("guest", "main", text))
        .collect();
    let seq = harness.append(&world, posts).await;
    for (search, found) in [
        ("100% s", vec!["100% SURE"]),
        ("%", vec!["100% SURE"]),
        ("A_B", vec!["a_b"]),
        (r"\", vec![r"back\slash"]),
        ("ÄRG", vec!["Ärger\u{fffd}"]),
        ("'", vec![]),
    ] {
        let query = MessagesQuery {
            search: Some(search.into()),
            ..messages_of(&world, seq)
        };
        assert_eq!(texts(&harness.query(query).await.0), found, "{search}");
    }
    replica.stop().await;
}

async fn a_query_waits_for_its_commit(harness: Harness) {
    let (world, _) = harness.create("lobby").await;
    let replica = harness.start_replica().await;
    for _ in 0..20 {
        let event = custom("guest", None, "app.made", "{}");
        let id = event.id;
        let seq = harness.append(&world, vec![event]).await;
        let last = harness.events(&world, seq).await.pop().unwrap();
        assert_eq!((last.position.seq, last.event.id), (seq, id));
    }
    eventually(
        "a query for a commit beyond the log is rejected",
        async || {
            let rejection = harness.rejection(events_of(&world, 1_000_000)).await;
            rejection.is_some_and(|reason| reason.contains("has not reached commit"))
        },
    )
    .await;
    replica.stop().await;
}

async fn a_restart_loses_and_duplicates_nothing(harness: Harness) {
    let (world, _) = harness.create("lobby").await;
    let replica = harness.start_replica().await;
    append_many(&harness, &world, 0..50).await;
    replica.stop().await;
    append_many(&harness, &world, 50..100).await;
    let replica = harness.start_replica().await;
    let seq = append_many(&harness, &world, 100..120).await;
    assert_numbered(&harness, &world, seq, 120).await;
    replica.stop().await;
}

async fn a_rebuild_gives_the_same_rows(harness: Harness) {
    let (world, _) = harness.create("lobby").await;
    let replica = harness.start_replica().await;
    append_many(&harness, &world, 0..30).await;
    let seq = harness
        .append(&world, vec![complete("ada", spent(10, 2))])
        .await;
    let before = harness.all_rows(&world, seq).await;
    harness.rebuild().await;
    assert_eq!(harness.all_rows(&world, seq).await, before);
    replica.stop().await;
    harness.rebuild().await;
    let replica = harness.start_replica().await;
    assert_eq!(harness.all_rows(&world, seq).await, before);
    replica.stop().await;
}

async fn two_replicas_archive_each_commit_once(harness: Harness) {
    let (world, _) = harness.create("lobby").await;
    let first = harness.start_replica().await;
    let second = harness.start_replica().await;
    append_many(&harness, &world, 0..50).await;
    first.stop().await;
    append_many(&harness, &world, 50..80).await;
    let third = harness.start_replica().await;
    let seq = append_many(&harness, &world, 80..100).await;
    // Every replica replies: enough queries reach each of them.
    for _ in 0..10 {
        assert_numbered(&harness, &world, seq, 100).await;
    }
    second.stop().await;
    third.stop().await;
}

async fn the_rows_of_a_deleted_world_are_deleted(harness: Harness) {
    let replica = harness.start_replica().await;
    let (kept, _) = harness.create("kept").await;
    harness
        .append(&kept, vec![post("guest", "main", "stays")])
        .await;
    let (world, _) = harness.create("lobby").await;
    harness
        .append(
            &world,
            vec![post("guest", "main", "goes"), complete("ada", spent(1, 1))],
        )
        .await;
    let deleted = event("world", None, &Fact::WorldDeleted(Empty {}));
    let seq = harness.append(&world, vec![deleted]).await;
    assert_eq!(harness.worlds(seq).await.len(), 1);
    assert!(harness.events(&world, seq).await.is_empty());
    assert!(harness.messages(&world, seq).await.is_empty());
    assert!(harness.chats(&world, seq).await.is_empty());
    assert!(harness.usage(&world, seq).await.is_empty());
    assert_eq!(texts(&harness.messages(&kept, seq).await), ["stays"]);
    let left = harness.database.tables_with(&world).await;
    assert!(left.is_empty(), "{left:?}");
    replica.stop().await;
}

async fn the_id_of_a_deleted_world_can_be_reused(harness: Harness) {
    let replica = harness.start_replica().await;
    let (world, _) = harness.create("lobby").await;
    harness
        .append(&world, vec![post("guest", "main", "old")])
        .await;
    let deleted = event("world", None, &Fact::WorldDeleted(Empty {}));
    harness.append(&world, vec![deleted]).await;
    let end = harness.bus.log().last_seq(&world).await.unwrap();
    harness.bus.log().purge(&world, end).await.unwrap();
    let (world, seq) = harness.create("lobby").await;
    assert_eq!(harness.events(&world, seq).await.len(), 4);
    let page = WorldsQuery {
        after: Some("Lobby".parse().unwrap()),
        limit: 1,
        wait_for: Some(seq),
    };
    let (rows, more) = harness.query(page).await;
    assert_eq!(
        (rows[0].id.as_str(), rows[0].seq, more),
        ("lobby", seq, false)
    );
    // The log holds neither the old world nor its deletion.
    let before = harness.all_rows(&world, seq).await;
    harness.rebuild().await;
    assert_eq!(harness.all_rows(&world, seq).await, before);
    replica.stop().await;
}

async fn a_malformed_commit_is_a_dead_letter(harness: Harness) {
    let (world, _) = harness.create("lobby").await;
    harness
        .publish("no commit", &contract::subject::log(&world))
        .await;
    let replica = harness.start_replica().await;
    let seq = harness
        .append(&world, vec![post("guest", "main", "next")])
        .await;
    assert_eq!(texts(&harness.messages(&world, seq).await), ["next"]);
    assert_eq!(harness.bus.dead_letters().count().await.unwrap(), 1);
    replica.stop().await;
}

async fn a_page_that_is_larger_than_a_message_is_truncated(harness: Harness) {
    let replica = harness.start_replica().await;
    let (world, _) = harness.create("lobby").await;
    let long = format!("\"{}\"", "x".repeat(200 * 1024));
    let mut seq = 0;
    for _ in 0..12 {
        seq = harness
            .append(&world, vec![custom("guest", None, "app.long", &long)])
            .await;
    }
    let first = EventsQuery {
        limit: 1000,
        ..events_of(&world, seq)
    };
    let (rows, more) = harness.query(first).await;
    assert!(more && rows.len() < 16, "{} rows, more: {more}", rows.len());
    assert_eq!(harness.events(&world, seq).await.len(), 16);
    replica.stop().await;
}
