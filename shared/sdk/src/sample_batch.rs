//! The samples of a run that does steps of an interaction.

use contract::interaction::{BoundStream, InteractionContext};
use serde_json::value::RawValue;

use crate::action_ctx::ActionCtx;
use crate::error::Error;

/// The most bytes of the outputs of a run, its last one aside: what a world takes fits in one commit. What
/// is left is the next run's.
const OUTPUT_BYTES_MAX: usize = 192 * 1024;

/// The samples of the steps that a run of `process` or `learn` does, in their order: at most 256 steps.
pub struct SampleBatch {
    /// The inputs of the steps before: for processors that read sequences.
    pub preceding: Vec<Box<RawValue>>,
    /// For each step, one sample for each input.
    pub inputs: Vec<Vec<Box<RawValue>>>,
    /// For each step, one sample for each expected output.
    pub targets: Vec<Vec<Box<RawValue>>>,
}

impl SampleBatch {
    /// Reads what the processor reads, without the expected outputs, and `lookback` samples before it.
    ///
    /// # Errors
    /// [`Error::Transient`] when the samples can't be read now.
    pub async fn read_inputs(
        interaction: &InteractionContext,
        lookback: u32,
        ctx: &ActionCtx,
    ) -> Result<Self, Error> {
        let count = interaction.step.count;
        let mut batch = Self {
            preceding: Vec::new(),
            inputs: empty_steps(count),
            targets: empty_steps(count),
        };
        if !interaction.samples.is_empty() {
            let samples = interaction.samples.iter();
            batch.inputs = samples.map(|sample| vec![sample.clone()]).collect();
            batch.preceding.clone_from(&interaction.preceding);
            return Ok(batch);
        }
        let before = lookback.min(interaction.step.first);
        for bound in &interaction.streams.stdin {
            let (earlier, samples) = read(bound, before, count, ctx).await?;
            // A sequence is one input: of several, no processor reads what was before.
            batch.preceding = earlier;
            add_input(&mut batch.inputs, samples);
        }
        Ok(batch)
    }

    /// Reads the samples with the expected outputs.
    ///
    /// # Errors
    /// As [`read_inputs`](Self::read_inputs).
    pub async fn read(
        interaction: &InteractionContext,
        lookback: u32,
        ctx: &ActionCtx,
    ) -> Result<Self, Error> {
        let mut batch = Self::read_inputs(interaction, lookback, ctx).await?;
        for bound in &interaction.streams.stdtar {
            let (_, samples) = read(bound, 0, interaction.step.count, ctx).await?;
            add_input(&mut batch.targets, samples);
        }
        Ok(batch)
    }

    /// Whether a run has written as much as fits in its result: the other steps are the next run's.
    pub fn is_full(outputs: &[Box<RawValue>]) -> bool {
        let bytes = outputs.iter().map(|output| output.get().len());
        bytes.sum::<usize>() > OUTPUT_BYTES_MAX
    }

    /// Leaves out the last half of the steps. Returns whether there was something to leave out.
    pub fn halve(&mut self) -> bool {
        let half = self.inputs.len() / 2;
        self.inputs.truncate(half.max(1));
        self.targets.truncate(half.max(1));
        half > 0
    }
}

fn empty_steps(count: u32) -> Vec<Vec<Box<RawValue>>> {
    (0..count).map(|_| Vec::new()).collect()
}

fn add_input(steps: &mut [Vec<Box<RawValue>>], samples: Vec<Box<RawValue>>) {
    for (step, sample) in steps.iter_mut().zip(samples) {
        step.push(sample);
    }
}

/// So many samples of a stream, and some before them.
async fn read(
    bound: &BoundStream,
    before: u32,
    count: u32,
    ctx: &ActionCtx,
) -> Result<(Vec<Box<RawValue>>, Vec<Box<RawValue>>), Error> {
    let from = bound.from.saturating_sub(u64::from(before));
    let before = bound.from - from;
    let limit = count.saturating_add(u32::try_from(before).unwrap_or(u32::MAX));
    let samples = ctx.read_samples(&bound.stream, from, limit).await?;
    if samples.len() < usize::try_from(limit).unwrap_or(usize::MAX) {
        let reason = format!("{} has too few samples", bound.stream);
        return Err(Error::transient(reason));
    }
    let mut values: Vec<_> = samples.into_iter().map(|sample| sample.value).collect();
    let rest = values.split_off(usize::try_from(before).unwrap_or(usize::MAX));
    Ok((values, rest))
}
