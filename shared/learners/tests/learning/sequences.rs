//! The Markov memory and the autoregression.

use serde_json::json;

use crate::support::{
    Random, Samples, error_rate, learn, mean_squared, outputs, processor, samples,
};

#[test]
fn a_markov_memory_repeats_a_text_that_it_has_learned() {
    let markov = processor(json!({"markov": {"order": 3}}));
    let text = "the cat sat on the mat and the cat ran to the dog and the dog sat on the cat";
    let words = samples(text.split(' '));
    let before = outputs(&markov, None, &words);
    assert_eq!(before, vec![json!(null); words.len()]);
    let weights = learn(&markov, &words, &[], 256);
    let after = outputs(&markov, Some(&weights), &words);
    assert!(error_rate(&after, &words) <= 0.2, "{after:?}");
}

#[test]
fn a_markov_memory_generalises_to_other_sequences_of_the_same_kind() {
    // Each letter decides about the next, except after "c", which is followed by "a" or "d".
    let letters = |count: usize, seed: u64| {
        let mut random = Random(seed);
        let mut letter = 'a';
        let letters = (0..count).map(|_| {
            letter = match letter {
                'a' => 'b',
                'b' => 'c',
                'c' if random.next() < 0.0 => 'd',
                _ => 'a',
            };
            letter
        });
        samples(letters.collect::<Vec<_>>())
    };
    let markov = processor(json!({"markov": {"order": 2}}));
    let weights = learn(&markov, &letters(500, 1), &[], 100);
    let other = letters(300, 7);
    let rate = error_rate(&outputs(&markov, Some(&weights), &other), &other);
    // One letter in three or four is a guess that is right half of the time.
    assert!(rate < 0.25, "{rate}");
}

#[test]
fn what_follows_most_often_is_predicted_and_of_these_the_latest() {
    let markov = processor(json!({"markov": {"order": 1}}));
    let prefix = samples(["a", "?"]);
    for (text, expected) in [("a b a b a c", "b"), ("a b a c", "c"), ("a c a b", "b")] {
        let weights = learn(&markov, &samples(text.split(' ')), &[], 2);
        assert_eq!(
            outputs(&markov, Some(&weights), &prefix)[1],
            expected,
            "{text}"
        );
    }
}

#[test]
fn any_json_is_a_sample_of_a_markov_memory() {
    let markov = processor(json!({"markov": {}}));
    let values = [json!({"n": 1}), json!([1, 2]), json!(null), json!(2.5)];
    let sequence = samples(values.iter().cycle().take(12));
    let weights = learn(&markov, &sequence, &[], 5);
    let found = outputs(&markov, Some(&weights), &sequence);
    assert_eq!(found[..], sequence_values(&sequence)[..]);
}

fn sequence_values(samples: &Samples) -> Vec<serde_json::Value> {
    let values = samples.iter();
    values
        .map(|sample| serde_json::from_str(sample.get()).unwrap())
        .collect()
}

/// A wave with noise: period, amplitude, phase.
fn wave(period: f64, amplitude: f64, phase: f64, noise: f64) -> Samples {
    let mut random = Random(3);
    let values = (0..400).map(|time| {
        let angle = f64::from(time) / period * std::f64::consts::TAU + phase;
        amplitude * angle.sin() + noise * random.next()
    });
    samples(values.collect::<Vec<_>>())
}

#[test]
fn an_autoregression_predicts_a_signal_that_it_has_not_seen() {
    let regression = processor(json!({"regression": {"kind": "autoregressive", "order": 8}}));
    let mut weights = learn(&regression, &wave(20.0, 1.0, 0.0, 0.0), &[], 256);
    let other = wave(20.0, 1.5, 1.0, 0.0);
    let error = mean_squared(&outputs(&regression, Some(&weights), &other), &other);
    assert!(error < 0.02, "{error}");
    // A second signal of another period, with noise.
    let noisy = wave(11.0, 1.0, 0.5, 0.1);
    let mut learner = crate::support::load(&regression, Some(&weights)).unwrap();
    for position in 8..noisy.len() {
        let preceding: Vec<_> = noisy[position - 8..position].iter().map(|s| &**s).collect();
        let step = learners::Step {
            preceding: &preceding,
            inputs: &noisy[position..=position],
            targets: &[],
        };
        learner.learn(&step).unwrap();
    }
    weights = learner.to_weights().unwrap();
    for signal in [other, wave(11.0, 0.7, 2.0, 0.1)] {
        let error = mean_squared(&outputs(&regression, Some(&weights), &signal), &signal);
        assert!(error < 0.05, "{error}");
    }
}

#[test]
fn a_square_wave_is_predicted_between_its_edges() {
    let square = |period: usize, count: usize| {
        samples((0..count).map(move |time| if time % period < period / 2 { 1 } else { -1 }))
    };
    let regression = processor(json!({"regression": {"kind": "autoregressive"}}));
    let weights = learn(&regression, &square(20, 1000), &[], 256);
    let signal = square(20, 100);
    let error = mean_squared(&outputs(&regression, Some(&weights), &signal), &signal);
    assert!(error <= 0.2, "{error}");
}
