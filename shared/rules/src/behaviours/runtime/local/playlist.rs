//! The streams that an entity steps through.

use contract::behaviour::{MemoryChange, Playlist};
use serde_json::Value;

use super::call::{Acted, Call};
use crate::behaviours::runtime::limits::PLAYLIST_MAX;
use crate::behaviours::runtime::resolve::Actor;

/// Sets the playlist. Streams that are not there are left out.
pub(super) fn set(actor: Actor<'_>, call: &Call<'_>) -> Acted {
    let names = call.texts("net_hashes").into_iter();
    let streams = names.filter_map(|name| actor.stream(name));
    let there = streams.filter(|stream| actor.world.streams.get(stream).is_some());
    let streams = there.take(PLAYLIST_MAX).map(|stream| stream.to_string());
    let repeat = call.get("repeat").and_then(Value::as_u64).unwrap_or(1);
    let playlist = Playlist {
        streams: streams.collect(),
        position: 0,
        repeat,
    };
    Acted::with(true, changed(actor, playlist))
}

pub(super) fn first(actor: Actor<'_>) -> Acted {
    move_to(actor, |_, _| 0)
}

pub(super) fn next(actor: Actor<'_>) -> Acted {
    move_to(actor, |position, length| (position + 1) % length)
}

fn move_to(actor: Actor<'_>, place: impl Fn(u64, u64) -> u64) -> Acted {
    let playlist = &actor.memory.playlist;
    let length = length(playlist);
    if length == 0 {
        return Acted::of(false);
    }
    let moved = Playlist {
        position: place(playlist.position, length),
        ..playlist.clone()
    };
    Acted::with(true, changed(actor, moved))
}

pub(super) fn check(actor: Actor<'_>, call: &Call<'_>) -> Acted {
    let playlist = &actor.memory.playlist;
    let what = call.get("what").and_then(Value::as_str).unwrap_or("last");
    Acted::of(is_at(playlist, what))
}

/// Whether a playlist is at a place: `first`, `last`, `last_round`, `last_song`, or `not_` one of these.
fn is_at(playlist: &Playlist, what: &str) -> bool {
    let (round, length) = (round(playlist), length(playlist));
    if length == 0 {
        return false;
    }
    let position = playlist.position;
    match what {
        "first" => position == 0,
        "last" => position + 1 == length,
        "not_first" => position != 0,
        "not_last" => position + 1 != length,
        "last_round" => position + round >= length,
        "not_last_round" => position + round < length,
        "last_song" => (position + 1).is_multiple_of(round),
        "not_last_song" => !(position + 1).is_multiple_of(round),
        _ => false,
    }
}

/// The streams of one round.
fn round(playlist: &Playlist) -> u64 {
    u64::try_from(playlist.streams.len()).unwrap_or(u64::MAX)
}

fn length(playlist: &Playlist) -> u64 {
    round(playlist).saturating_mul(playlist.repeat)
}

fn changed(actor: Actor<'_>, playlist: Playlist) -> MemoryChange {
    MemoryChange {
        playlist: (playlist != actor.memory.playlist).then_some(playlist),
        ..MemoryChange::default()
    }
}
