//! The streams that an entity steps through.

use serde_json::json;

use super::super::super::Story;
use super::super::{declare, story};
use super::{Row, refused};

pub(super) const ROWS: &[Row] = &[
    ("set_pref_streams", a_playlist_is_set, || {
        refused("set_pref_streams", json!({"net_hashes": ["w:a"]}))
    }),
    ("first_pref_stream", it_begins_again, || {
        there_is_no_playlist("first_pref_stream")
    }),
    ("next_pref_stream", the_next_one_comes, || {
        there_is_no_playlist("next_pref_stream")
    }),
    ("check_pref_stream", it_is_at_the_last_one, || {
        there_is_no_playlist("check_pref_stream")
    }),
];

/// Streams that are not there are left out.
fn a_playlist_is_set() -> Story {
    let mut story = story(&[("t", "teacher", json!(null))]);
    declare(&mut story, "t:a");
    declare(&mut story, "t:b");
    let arguments = json!({"net_hashes": ["<agent>:a", "unknown", "b"], "repeat": 2});
    assert!(story.uses("t", "set_pref_streams", arguments));
    let playlist = story.result("t").playlist;
    assert_eq!((playlist.streams.len(), playlist.repeat), (2, 2));
    story
}

fn the_next_one_comes() -> Story {
    let mut story = a_playlist_is_set();
    assert!(story.uses("t", "next_pref_stream", json!({})));
    assert_eq!(story.result("t").playlist.position, 1);
    story
}

fn it_begins_again() -> Story {
    let mut story = the_next_one_comes();
    assert!(story.uses("t", "first_pref_stream", json!({})));
    assert_eq!(story.result("t").playlist.position, 0);
    story
}

fn it_is_at_the_last_one() -> Story {
    let mut story = a_playlist_is_set();
    for _ in 0..3 {
        story.uses("t", "next_pref_stream", json!({}));
    }
    // `last` is what is checked when nothing is said.
    assert!(story.uses("t", "check_pref_stream", json!({})));
    assert!(story.uses("t", "check_pref_stream", json!({"what": "last_song"})));
    story
}

fn there_is_no_playlist(action: &str) -> Story {
    let mut story = story(&[("t", "teacher", json!(null))]);
    assert!(!story.uses("t", action, json!({})));
    // A playlist whose streams are all unknown is none.
    story.uses("t", "set_pref_streams", json!({"net_hashes": "unknown"}));
    assert!(!story.uses("t", action, json!({})));
    story
}
