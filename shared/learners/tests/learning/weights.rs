//! Weights: the same samples make the same bytes, and nothing but weights is read as weights.

use contract::processor::Processor;
use serde_json::{Value, json};

use crate::support::{Random, Samples, animals, learn, load, processor, samples};

/// A processor of each kind, with 256 samples for it.
fn all() -> Vec<(Processor, Samples, Samples)> {
    let (points, names) = animals(256, 5);
    let mut random = Random(9);
    let signal: Vec<f64> = (0..256).map(|_| random.next()).collect();
    let sums = signal.iter().map(|number| 3.0 * number + 1.0);
    let sums = samples(sums.collect::<Vec<_>>());
    let signal = samples(signal);
    let words = samples((0..256).map(|index| format!("w{}", index * index % 17)));
    let regression = |config: Value| processor(json!({"regression": config}));
    vec![
        (
            processor(json!({"markov": {"order": 3}})),
            words,
            Vec::new(),
        ),
        (
            regression(json!({"kind": "autoregressive", "order": 5})),
            signal.clone(),
            Vec::new(),
        ),
        (
            regression(json!({"kind": "linear"})),
            signal.clone(),
            sums.clone(),
        ),
        (
            regression(json!({"kind": "linear", "replay": {"samples": 20, "per_step": 2}})),
            signal,
            sums,
        ),
        (
            regression(json!({"kind": "softmax", "passes": 3})),
            points.clone(),
            names.clone(),
        ),
        (
            regression(json!({"kind": "softmax", "replay": {"samples": 30}})),
            points,
            names,
        ),
    ]
}

#[test]
fn one_run_of_256_samples_makes_the_weights_of_256_runs() {
    for (processor, inputs, targets) in all() {
        let together = learn(&processor, &inputs, &targets, 256);
        for size in [1, 7, 100] {
            let found = learn(&processor, &inputs, &targets, size);
            assert!(found == together, "{processor:?} in runs of {size}");
        }
    }
}

#[test]
fn weights_are_the_same_everywhere() {
    // What this build makes on any machine. A change of the numerics, or of the format, is seen here.
    let expected = include_str!("weights.txt");
    let mut found = String::new();
    for (processor, inputs, targets) in all() {
        let weights = learn(&processor, &inputs, &targets, 64);
        found.push_str(&format!("{} {:016x}\n", weights.len(), fnv(&weights)));
    }
    assert_eq!(found, expected);
}

/// The FNV-1a hash of some bytes: enough to see a change.
fn fnv(bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325;
    bytes.iter().fold(start, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn weights_are_read_and_written_unchanged() {
    for (processor, inputs, targets) in all() {
        let weights = learn(&processor, &inputs, &targets, 256);
        let again = load(&processor, Some(&weights)).unwrap();
        assert!(again.to_weights().unwrap() == weights, "{processor:?}");
        let fresh = load(&processor, None).unwrap().to_weights().unwrap();
        assert!(load(&processor, Some(&fresh)).is_ok(), "{processor:?}");
    }
}

#[test]
fn what_is_cut_off_or_changed_is_no_weights() {
    for (processor, inputs, targets) in all() {
        let weights = learn(
            &processor,
            &inputs[..20],
            targets.get(..20).unwrap_or(&[]),
            20,
        );
        for end in 0..weights.len() {
            assert!(load(&processor, Some(&weights[..end])).is_err(), "{end}");
        }
        let longer = [&weights[..], &[0]].concat();
        assert_eq!(
            load(&processor, Some(&longer)).unwrap_err().code(),
            "malformed_weights"
        );
        // Whatever a byte is, reading ends, and neither panics nor takes memory that is not there.
        for index in 0..weights.len() {
            let mut changed = weights.clone();
            changed[index] ^= 0xff;
            drop(load(&processor, Some(&changed)));
        }
    }
}

#[test]
fn weights_of_another_processor_are_a_mismatch() {
    let processors = all();
    for (index, (processor, inputs, targets)) in processors.iter().enumerate() {
        let weights = learn(processor, inputs, targets, 256);
        for (other_index, (other, ..)) in processors.iter().enumerate() {
            // The replay memory of one may be added or left out.
            let is_same = index.max(2) / 2 == other_index.max(2) / 2 && index.min(other_index) >= 2;
            if index == other_index || is_same {
                continue;
            }
            let error = load(other, Some(&weights)).unwrap_err();
            assert_eq!(error.code(), "weights_mismatch", "{error}");
        }
    }
    let smaller = processor(json!({"markov": {"order": 2}}));
    let (markov, words, _) = &processors[0];
    let weights = learn(markov, words, &[], 256);
    assert_eq!(
        load(&smaller, Some(&weights)).unwrap_err().code(),
        "weights_mismatch"
    );
}
