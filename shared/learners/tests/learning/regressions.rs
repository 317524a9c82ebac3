//! Linear and softmax regression.

use learners::{Error, Step};
use serde_json::{Value, json};

use crate::support::{
    Random, Run, animals, error_rate, learn, learn_run, linear, load, mean_squared, outputs,
    processor, samples,
};

/// Points, and what a plane with noise has there.
fn plane(count: usize, seed: u64) -> (crate::support::Samples, crate::support::Samples) {
    let mut random = Random(seed);
    let points: Vec<[f64; 2]> = (0..count)
        .map(|_| [3.0 * random.next(), 3.0 * random.next()])
        .collect();
    let heights = points.iter().map(|[x, y]| 2.0 * x - 0.5 * y + 4.0);
    let heights = heights.map(|height| height + 0.05 * random.next());
    let heights = samples(heights.collect::<Vec<_>>());
    (samples(points), heights)
}

#[test]
fn a_linear_regression_fits_a_plane() {
    let (points, heights) = plane(600, 1);
    let weights = learn(&linear(), &points, &heights, 256);
    let (points, heights) = plane(200, 2);
    let before = mean_squared(&outputs(&linear(), None, &points), &heights);
    let after = mean_squared(&outputs(&linear(), Some(&weights), &points), &heights);
    assert!(before > 10.0 && after < 0.05, "{before} {after}");
}

#[test]
fn several_inputs_and_outputs_are_arrays() {
    let linear = processor(json!({"regression": {"kind": "linear", "outputs": 2}}));
    let inputs = samples([json!([1, [2]]), json!([0, [1]])]);
    assert_eq!(outputs(&linear, None, &inputs)[0], json!([0.0, 0.0]));
    let targets = samples([[1.0, 2.0], [0.5, 1.0]]);
    let weights = learn(&linear, &inputs, &targets, 2);
    assert_eq!(
        outputs(&linear, Some(&weights), &inputs)[0]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn a_softmax_regression_names_classes_that_it_has_learned() {
    for config in [
        json!({"kind": "softmax"}),
        json!({"kind": "softmax", "classes": ["giraffe", "cheetah", "albatross"]}),
        json!({"kind": "softmax", "inputs": 3, "passes": 2, "replay": {}}),
    ] {
        let softmax = processor(json!({"regression": config}));
        let (points, names) = animals(150, 1);
        let weights = learn(&softmax, &points, &names, 40);
        let (points, names) = animals(60, 2);
        let rate = error_rate(&outputs(&softmax, Some(&weights), &points), &names);
        assert!(rate < 0.05, "{config} {rate}");
    }
}

#[test]
fn a_softmax_regression_with_numbered_classes_has_probabilities() {
    let softmax = processor(json!({"regression": {"kind": "softmax", "outputs": 3}}));
    let (points, _) = animals(150, 1);
    let one_hot =
        samples((0..150).map(|index| [0, 1, 2].map(|class| i32::from(index % 3 == class))));
    let indexes = samples((0..150).map(|index| index % 3));
    assert_eq!(
        learn(&softmax, &points, &one_hot, 50),
        learn(&softmax, &points, &indexes, 50),
        "a vector and an index mean the same"
    );
    let weights = learn(&softmax, &points, &indexes, 50);
    let found = outputs(&softmax, Some(&weights), &points[..3]);
    for (class, probabilities) in found.iter().enumerate() {
        let probabilities: Vec<f64> = serde_json::from_value(probabilities.clone()).unwrap();
        assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!(probabilities[class] > 0.5, "{probabilities:?}");
    }
}

#[test]
fn a_student_with_replay_memory_remembers_its_first_lesson() {
    let (points, names) = animals(300, 1);
    // First only one class with another, then the third alone, for long.
    let lesson = |class: usize| (0..300).filter(move |index| index % 3 == class);
    let order: Vec<usize> = (0..300)
        .filter(|index| index % 3 != 2)
        .chain(lesson(2))
        .collect();
    let pick = |all: &[Box<serde_json::value::RawValue>]| {
        let picked = order.iter().map(|index| all[*index].clone());
        picked.collect::<Vec<_>>()
    };
    let (exam, expected) = animals(90, 2);
    let rate = |replay: Value| {
        let config = json!({"kind": "softmax", "learning_rate": 0.5, "replay": replay});
        let student = processor(json!({"regression": config}));
        let weights = learn(&student, &pick(&points), &pick(&names), 50);
        error_rate(&outputs(&student, Some(&weights), &exam), &expected)
    };
    let (plain, with_memory) = (rate(json!(null)), rate(json!({"samples": 60})));
    assert!(
        with_memory < 0.05 && with_memory < plain,
        "{plain} {with_memory}"
    );
}

#[test]
fn losses_fall_while_it_learns() {
    let (points, names) = animals(120, 1);
    let softmax = processor(json!({"regression": {"kind": "softmax"}}));
    let run = Run {
        inputs: &points,
        targets: &names,
        first: 0,
        count: 120,
    };
    let (_, learned) = learn_run(&softmax, None, &run);
    let mean = |steps: &[learners::Learned]| {
        steps.iter().map(|step| step.loss).sum::<f64>() / steps.len() as f64
    };
    assert!(mean(&learned[90..]) < mean(&learned[3..33]) / 2.0);
    assert_eq!(learned[0].output.get(), "null", "there is no class yet");
}

#[test]
fn what_can_not_be_learned_changes_nothing() {
    let linear = || json!({"kind": "linear"});
    let closed = || json!({"kind": "softmax", "classes": ["a", "b"], "replay": {}});
    let numbered = || json!({"kind": "softmax", "outputs": 2});
    let none = || json!(null);
    for (config, input, target, code) in [
        (linear(), json!("x"), json!(1), "invalid_sample"),
        (linear(), json!([1, 2, 3]), json!(1), "invalid_sample"),
        (linear(), json!([1, 2]), json!([1, 2]), "invalid_sample"),
        (linear(), json!([1, 2]), none(), "no_targets"),
        (linear(), json!([1e300, 1e300]), json!(1), "diverged"),
        (closed(), json!([1, 2]), json!("c"), "unknown_class"),
        (closed(), json!([1, 2]), json!(["a"]), "invalid_sample"),
        (closed(), json!([1]), json!("a"), "invalid_sample"),
        (closed(), json!([1, 2]), none(), "no_targets"),
        (numbered(), json!([1, 2]), json!(2), "unknown_class"),
        (
            numbered(),
            json!([1, 2]),
            json!([0.2, 0.2]),
            "invalid_sample",
        ),
    ] {
        let good = match config["kind"].as_str() {
            Some("linear") => json!(1e20),
            _ if config["outputs"] == 2 => json!(1),
            _ => json!("a"),
        };
        let processor = processor(json!({"regression": config}));
        let weights = learn(&processor, &samples([[1, 2]]), &samples([good]), 1);
        let mut learner = load(&processor, Some(&weights)).unwrap();
        let targets = samples([&target].into_iter().filter(|target| !target.is_null()));
        let step = Step {
            preceding: &[],
            inputs: &samples([&input]),
            targets: &targets,
        };
        let error: Error = learner.learn(&step).unwrap_err();
        assert_eq!(error.code(), code, "{config} {input} {error}");
        assert_eq!(learner.to_weights().unwrap(), weights, "{config} {input}");
    }
}
