//! The latest events of a world, by which a frame that repeats one is known. Pure.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher, Hash, Hasher as _, RandomState};

use serde_json::value::RawValue;
use serde_json::{Number, Value};

use crate::field_names::LOG_FIELDS;

/// Events that are kept, 16 bytes and their places in two maps each: more than a busy world has in the time in
/// which a client reacts.
const EVENTS_MAX: usize = 2048;

/// Whole numbers below this are exact as doubles: 2 to the power of 53.
const EXACT_BELOW: f64 = 9_007_199_254_740_992.0;

/// What of a frame makes it the same as another: all that its sender wrote.
pub(crate) struct FrameContent<'a> {
    pub(crate) event_type: &'a str,
    pub(crate) sender: &'a str,
    pub(crate) target: Option<&'a str>,
    /// The JSON of its time.
    pub(crate) created_at: &'a str,
    pub(crate) description: &'a str,
    pub(crate) summary: Option<&'a str>,
    pub(crate) payload: &'a BTreeMap<String, Box<RawValue>>,
}

/// The latest events of a world.
#[derive(Default)]
pub(crate) struct RecentEvents {
    hasher: RandomState,
    /// Oldest first: the hash of the time of each, and that of all of it.
    order: VecDeque<(u64, u64)>,
    /// How many events there are of a time: of most frames there is none.
    times: HashMap<u64, u32>,
    events: HashMap<u64, u32>,
}

impl RecentEvents {
    /// Adds an event as its clients receive it.
    pub(crate) fn add(&mut self, content: &FrameContent<'_>) {
        let time = self.hasher.hash_one(instant(content.created_at));
        let event = self.digest(time, content, false);
        if self.events.contains_key(&event) {
            return;
        }
        if self.order.len() >= EVENTS_MAX
            && let Some((time, event)) = self.order.pop_front()
        {
            decrement(&mut self.times, time);
            decrement(&mut self.events, event);
        }
        self.order.push_back((time, event));
        *self.times.entry(time).or_default() += 1;
        *self.events.entry(event).or_default() += 1;
    }

    /// Whether a frame is one of the events again: equal in all that a sender writes, with the same time. What
    /// the log adds to an event may have been sent back with it.
    pub(crate) fn is_repeated(&self, content: &FrameContent<'_>) -> bool {
        let time = self.hasher.hash_one(instant(content.created_at));
        if !self.times.contains_key(&time) {
            return false;
        }
        let has_log_fields = LOG_FIELDS
            .iter()
            .any(|name| content.payload.contains_key(*name));
        self.events.contains_key(&self.digest(time, content, false))
            || (has_log_fields && self.events.contains_key(&self.digest(time, content, true)))
    }

    fn digest(&self, time: u64, content: &FrameContent<'_>, skips_log_fields: bool) -> u64 {
        let fields = content
            .payload
            .iter()
            .filter(|(name, _)| !(skips_log_fields && LOG_FIELDS.contains(&name.as_str())));
        // Clients write null for a field that was not there.
        let values = fields.filter_map(|(name, value)| {
            let value = self.hash_json(value.get())?;
            Some(self.hasher.hash_one((name, value)))
        });
        // In whatever order.
        let payload = values.fold(0_u64, u64::wrapping_add);
        let FrameContent {
            event_type,
            sender,
            target,
            description,
            summary,
            ..
        } = content;
        let named = (event_type, sender, target, description, summary);
        self.hasher.hash_one((time, named, payload))
    }

    /// The hash of a value in JSON; none for null.
    fn hash_json(&self, json: &str) -> Option<u64> {
        // Most values are texts without escapes, which need not be parsed.
        let text = json
            .strip_prefix('"')
            .and_then(|json| json.strip_suffix('"'));
        if let Some(text) = text.filter(|text| !text.contains('\\')) {
            return Some(self.hasher.hash_one(text));
        }
        match serde_json::from_str(json) {
            Ok(Value::Null) => None,
            Ok(value) => Some(self.hash_value(&value)),
            Err(_) => Some(self.hasher.hash_one(json)),
        }
    }

    /// Two values that are the same to a client have the same hash: 1 is 1.0.
    fn hash_value(&self, value: &Value) -> u64 {
        match value {
            Value::Null => 0,
            Value::Bool(value) => self.hasher.hash_one(value),
            Value::Number(number) => self.hash_number(number),
            Value::String(text) => self.hasher.hash_one(text),
            Value::Array(values) => {
                let mut hasher = self.hasher.build_hasher();
                for value in values {
                    self.hash_value(value).hash(&mut hasher);
                }
                hasher.finish()
            }
            Value::Object(fields) => {
                let hashes = fields
                    .iter()
                    .map(|(name, value)| self.hasher.hash_one((name, self.hash_value(value))));
                let sum = hashes.fold(1_u64, u64::wrapping_add);
                self.hasher.hash_one(("object", sum))
            }
        }
    }

    /// Integers are compared to the last digit, where a double is not exact any more.
    fn hash_number(&self, number: &Number) -> u64 {
        let float = number.as_f64().unwrap_or_default();
        if let Some(integer) = number.as_i64() {
            return self.hasher.hash_one(integer);
        }
        if let Some(integer) = number.as_u64() {
            return self.hasher.hash_one(integer);
        }
        // Exact, and one zero of two.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is a whole number in range"
        )]
        if float.fract() == 0.0 && float.abs() < EXACT_BELOW {
            return self.hasher.hash_one(float as i64);
        }
        self.hasher.hash_one(float.to_bits())
    }
}

fn decrement(counts: &mut HashMap<u64, u32>, key: u64) {
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}

/// A time as clients write it again: a fraction of six digits or none, and `+00:00` for `Z`.
fn instant(json: &str) -> String {
    let Ok(text) = serde_json::from_str::<String>(json) else {
        return json.to_owned();
    };
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some(parts) => parts,
        None => return text,
    };
    let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    let zone = match zone {
        "Z" | "z" => "+00:00",
        zone => zone,
    };
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let digits = fraction.get(..6).unwrap_or(fraction);
    let digits = digits.trim_end_matches('0');
    format!("{date}T{seconds}.{digits}{zone}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn payload(fields: &Value) -> BTreeMap<String, Box<RawValue>> {
        serde_json::from_str(&fields.to_string()).unwrap()
    }

    fn content<'a>(
        payload: &'a BTreeMap<String, Box<RawValue>>,
        created_at: &'a str,
    ) -> FrameContent<'a> {
        FrameContent {
            event_type: "agent_speaks_with_agent_event",
            sender: "john",
            target: None,
            created_at,
            description: "",
            summary: None,
            payload,
        }
    }

    const TIME: &str = "\"2023-10-09T12:56:42.104327\"";

    #[test]
    fn a_frame_with_the_same_content_and_time_is_repeated() {
        let mut recent = RecentEvents::default();
        let sent =
            payload(&json!({"message": "yes", "rows": [[1, 2.5]], "x": {"a": 1, "b": null}}));
        recent.add(&content(&sent, TIME));
        for (fields, is_repeated) in [
            (
                json!({"x": {"b": null, "a": 1.0}, "rows": [[1.0, 2.5]], "message": "yes"}),
                true,
            ),
            (
                json!({"message": "yes", "rows": [[1, 2.5]], "x": {"a": 1, "b": null}, "y": null}),
                true,
            ),
            (
                json!({"message": "yes", "rows": [[2.5, 1]], "x": {"a": 1, "b": null}}),
                false,
            ),
            (
                json!({"message": "no", "rows": [[1, 2.5]], "x": {"a": 1, "b": null}}),
                false,
            ),
            (json!({"message": "yes"}), false),
            // What the log has added was sent back.
            (
                json!({"message": "yes", "rows": [[1, 2.5]], "x": {"a": 1, "b": null},
                "sequence": "7.0", "event_id": "e", "recorded_at": "then"}),
                true,
            ),
        ] {
            let again = payload(&fields);
            assert_eq!(
                recent.is_repeated(&content(&again, TIME)),
                is_repeated,
                "{fields}"
            );
        }
        let later = "\"2023-10-09T12:56:42.104328\"";
        assert!(!recent.is_repeated(&content(&sent, later)));
        let other = FrameContent {
            sender: "matthew",
            ..content(&sent, TIME)
        };
        assert!(!recent.is_repeated(&other));
    }

    #[test]
    fn a_sender_s_own_number_makes_another_event() {
        let mut recent = RecentEvents::default();
        let [first, second] = [1, 2].map(|n| payload(&json!({"event_id": n})));
        recent.add(&content(&first, TIME));
        assert!(recent.is_repeated(&content(&first, TIME)));
        assert!(!recent.is_repeated(&content(&second, TIME)));
    }

    #[test]
    fn a_text_is_the_same_with_and_without_escapes() {
        for (one, other, is_same) in [
            (r#""a/b""#, r#""a\/b""#, true),
            (r#""\u0061""#, r#""a""#, true),
            (r#""""#, r#""\u0000""#, false),
            (r#""1""#, "1", false),
        ] {
            assert_eq!(is_equal(one, other), is_same, "{one} {other}");
        }
    }

    /// Whether two values in JSON make the same event.
    fn is_equal(one: &str, other: &str) -> bool {
        let mut recent = RecentEvents::default();
        let [one, other] = [one, other].map(|value| {
            let value = RawValue::from_string(value.to_owned()).unwrap();
            BTreeMap::from([("n".to_owned(), value)])
        });
        recent.add(&content(&one, TIME));
        recent.is_repeated(&content(&other, TIME))
    }

    #[test]
    fn a_number_is_the_same_in_each_of_its_forms() {
        for (one, other, is_same) in [
            ("1", "1.0", true),
            ("0", "-0.0", true),
            ("-7", "-7.0", true),
            ("2.5", "2.50", true),
            ("1", "2", false),
            ("9007199254740992", "9007199254740993", false),
            ("18446744073709551614", "18446744073709551615", false),
        ] {
            assert_eq!(is_equal(one, other), is_same, "{one} {other}");
        }
    }

    #[test]
    fn a_time_is_the_same_in_each_of_its_forms() {
        for (one, other, is_same) in [
            ("2026-11-29T04:31:19Z", "2026-11-29T04:31:19+00:00", true),
            (
                "2026-11-29T04:31:19.120Z",
                "2026-11-29T04:31:19.120000+00:00",
                true,
            ),
            (
                "2026-11-29T04:31:19.000Z",
                "2026-11-29T04:31:19+00:00",
                true,
            ),
            ("2026-11-29 04:31:19.1", "2026-11-29T04:31:19.100000", true),
            (
                "2026-11-29T04:31:19.1234567",
                "2026-11-29T04:31:19.123456",
                true,
            ),
            ("2026-11-29T04:31:19", "2026-11-29T04:31:19+00:00", false),
            ("2026-11-29T04:31:19.12", "2026-11-29T04:31:19.13", false),
            ("yesterday", "yesterday", true),
        ] {
            let [one, other] = [one, other].map(|text| instant(&json!(text).to_string()));
            assert_eq!(one == other, is_same, "{one} {other}");
        }
        assert_eq!(instant("17"), "17");
    }

    #[test]
    fn a_bounded_number_of_events_is_kept() {
        let mut recent = RecentEvents::default();
        for n in 0..EVENTS_MAX + 10 {
            let sent = payload(&json!({"n": n}));
            recent.add(&content(&sent, TIME));
            recent.add(&content(&sent, TIME));
            assert!(recent.is_repeated(&content(&sent, TIME)));
        }
        assert_eq!(recent.order.len(), EVENTS_MAX);
        assert_eq!(recent.events.len(), EVENTS_MAX);
        assert!(!recent.is_repeated(&content(&payload(&json!({"n": 9})), TIME)));
        assert!(recent.is_repeated(&content(&payload(&json!({"n": 10})), TIME)));
    }
}
