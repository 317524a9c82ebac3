//! A processor that learns: it writes the class whose mean is nearest to a sample.
//!
//! A world file names it by its action:
//!
//! ```yaml
//! id: zoo
//! entities:
//!   - {id: teacher, kind: user}
//!   - {id: student, kind: agent, agent: {processor: {function: {action: nearest_centroid, learns: true}}}}
//! streams:
//!   teacher:animals: {type: {tensor: {shape: [2]}}, generator: {list: [[1, 0], [9, 9], [0, 1], [8, 9]]}}
//!   teacher:names: {type: text, generator: {list: [cat, cow, cat, cow]}}
//! ```
//!
//! ```sh
//! cargo run -p manyworlds-sdk --example nearest_centroid
//! manyworlds interact zoo learn --from teacher --to student \
//!     --stream stdin=teacher:animals --stream stdtar=teacher:names --steps 4
//! ```

use std::collections::BTreeMap;

use manyworlds_sdk::{Error, Processor, ProcessorStep, Worker};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Writes the class whose mean is nearest to a sample; `null` before anything was learned.
struct NearestCentroid;

/// What was learned of each class, by name.
#[derive(Default, Serialize, Deserialize)]
struct Centroids {
    by_class: BTreeMap<String, Centroid>,
}

/// The samples of a class.
#[derive(Serialize, Deserialize)]
struct Centroid {
    count: f64,
    mean: Vec<f64>,
}

impl Centroids {
    /// The nearest class, with the square of its distance.
    fn nearest(&self, sample: &[f64]) -> Result<Option<(&str, f64)>, Error> {
        let mut nearest: Option<(&str, f64)> = None;
        for (class, Centroid { mean, .. }) in &self.by_class {
            if mean.len() != sample.len() {
                let reason = format!("{} numbers; {} were learned", sample.len(), mean.len());
                return Err(Error::failed("invalid_sample", reason));
            }
            let differences = mean.iter().zip(sample).map(|(a, b)| (a - b) * (a - b));
            let distance: f64 = differences.sum();
            if nearest.is_none_or(|(_, smallest)| distance < smallest) {
                nearest = Some((class, distance));
            }
        }
        Ok(nearest)
    }
}

impl Processor for NearestCentroid {
    type Weights = Centroids;

    async fn forward(&self, learned: &Centroids, step: &ProcessorStep<'_>) -> Result<Value, Error> {
        let sample: Vec<f64> = step.input()?;
        Ok(json!(learned.nearest(&sample)?.map(|(class, _)| class)))
    }

    /// The loss is 1 for a sample of which the class was wrong.
    async fn backward(
        &self,
        learned: &mut Centroids,
        step: &ProcessorStep<'_>,
    ) -> Result<f64, Error> {
        let (sample, class): (Vec<f64>, String) = (step.input()?, step.target()?);
        let is_right = learned
            .nearest(&sample)?
            .is_some_and(|(nearest, _)| nearest == class);
        let centroid = learned.by_class.entry(class).or_insert_with(|| Centroid {
            count: 0.0,
            mean: vec![0.0; sample.len()],
        });
        centroid.count += 1.0;
        for (mean, number) in centroid.mean.iter_mut().zip(&sample) {
            *mean += (number - *mean) / centroid.count;
        }
        Ok(if is_right { 0.0 } else { 1.0 })
    }
}

fn main() -> anyhow::Result<()> {
    Worker::builder()
        .processor("nearest_centroid", NearestCentroid)
        .main()
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use manyworlds_sdk::Config;
    use manyworlds_sdk::contract::Fact;
    use manyworlds_sdk::testing::TestWorld;

    use super::*;

    const WORLD: &str = "
id: zoo
entities:
  - {id: teacher, kind: user}
  - {id: student, kind: agent, agent: {processor: {function: {action: nearest_centroid, learns: true}}}}
streams:
  teacher:animals: {type: {tensor: {shape: [2]}}, generator: {list: [[1, 0], [9, 9], [0, 1], [8, 9]]}}
  teacher:names: {type: text, generator: {list: [cat, cow, cat, cow]}}
";

    #[tokio::test(start_paused = true)]
    async fn the_student_knows_the_animals() -> anyhow::Result<()> {
        let builder = Worker::builder().processor("nearest_centroid", NearestCentroid);
        let worker = builder.build(Config::default())?;
        let mut world = TestWorld::from_world_file(WORLD)?;
        let streams = json!({"stdin": ["teacher:animals"], "stdtar": ["teacher:names"]});
        for request in [
            json!({"action": "learn", "targets": ["student"], "streams": streams, "steps": 4}),
            json!({"action": "process", "targets": ["student"], "samples": [[2, 2], [7, 7]]}),
        ] {
            let request = json!({"request_interaction": request});
            world.command("teacher", serde_json::from_value(request)?)?;
            world.run(&worker).await?;
        }
        let written = world.facts().into_iter().filter_map(|fact| match fact {
            Fact::StreamAppended(appended) if appended.stream.owner.as_str() == "student" => {
                Some(serde_json::to_string(&appended.values))
            }
            _ => None,
        });
        let written: Vec<String> = written.collect::<Result<_, _>>()?;
        assert_eq!(written, [r#"[null,"cat","cat","cow"]"#, r#"["cat","cow"]"#]);
        Ok(())
    }
}
