//! A memory of samples that are learned again.

use contract::processor::Replay;

use crate::codec::{Reader, Writer};
use crate::error::Error;

/// A sample, and its expected output.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Example {
    pub(crate) input: Vec<f64>,
    pub(crate) target: Vec<f64>,
}

/// Samples of all that were learned, each with the same probability (reservoir sampling: Vitter, "Random
/// sampling with a reservoir", 1985).
#[derive(Debug, Clone)]
pub(crate) struct ReplayMemory {
    config: Option<Replay>,
    examples: Vec<Example>,
    /// How many were learned.
    seen: u64,
    random: u64,
}

impl ReplayMemory {
    pub(crate) fn new(config: Option<&Replay>) -> Self {
        Self {
            config: config.cloned(),
            examples: Vec::new(),
            seen: 0,
            random: 0,
        }
    }

    /// Examples to learn again.
    pub(crate) fn draw(&mut self) -> Vec<Example> {
        let count = self.config.as_ref().map_or(0, |config| config.per_step);
        if self.examples.is_empty() {
            return Vec::new();
        }
        (0..count)
            .map(|_| {
                let index = self.below(self.examples.len() as u64);
                self.examples[index].clone()
            })
            .collect()
    }

    /// Adds an example, in place of another when the memory is full.
    pub(crate) fn add(&mut self, example: Example) {
        let Some(config) = &self.config else {
            return;
        };
        let room = usize::try_from(config.samples).unwrap_or(usize::MAX);
        self.seen += 1;
        if self.examples.len() < room {
            self.examples.push(example);
            return;
        }
        let index = self.below(self.seen);
        if let Some(replaced) = self.examples.get_mut(index) {
            *replaced = example;
        }
    }

    /// A number below `end` (SplitMix64: Steele, Lea and Flood, 2014). Its state is in the weights, so that
    /// the same samples make the same weights.
    fn below(&mut self, end: u64) -> usize {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % end.max(1)).unwrap_or(usize::MAX)
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.u64(self.seen);
        writer.u64(self.random);
        writer.len(self.examples.len());
        for example in &self.examples {
            writer.numbers(&example.input);
            writer.numbers(&example.target);
        }
    }

    pub(crate) fn decode(config: Option<&Replay>, reader: &mut Reader<'_>) -> Result<Self, Error> {
        /// The lengths of both parts of an example.
        const EXAMPLE_BYTES_MIN: usize = 8;
        let mut memory = Self::new(config);
        memory.seen = reader.u64()?;
        memory.random = reader.u64()?;
        for _ in 0..reader.len(EXAMPLE_BYTES_MIN)? {
            memory.examples.push(Example {
                input: reader.numbers()?,
                target: reader.numbers()?,
            });
        }
        // The memory may have been made smaller meanwhile.
        let room = config.map_or(0, |config| config.samples);
        memory
            .examples
            .truncate(usize::try_from(room).unwrap_or(usize::MAX));
        Ok(memory)
    }
}
