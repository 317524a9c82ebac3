//! A memory of sequences.

use std::collections::BTreeMap;

use contract::processor::Markov;
use serde_json::value::RawValue;

use crate::codec::{Kind, Reader, Writer};
use crate::error::Error;
use crate::step::{Learned, Step};

/// What stands before the first sample of a sequence.
const START: u32 = 0;

/// Which samples followed which.
#[derive(Debug)]
pub(crate) struct MarkovMemory {
    order: usize,
    /// Every sample that was learned, as JSON; its number is its index plus one.
    samples: Vec<Box<RawValue>>,
    numbers: BTreeMap<Box<str>, u32>,
    /// What followed the last samples, for each number of them up to the order.
    followers: BTreeMap<Box<[u32]>, Followers>,
}

/// What followed a context, and how often; the latest comes last.
type Followers = Vec<(u32, u32)>;

impl MarkovMemory {
    pub(crate) fn new(config: &Markov) -> Self {
        Self {
            order: usize::try_from(config.order).unwrap_or(usize::MAX),
            samples: Vec::new(),
            numbers: BTreeMap::new(),
            followers: BTreeMap::new(),
        }
    }

    pub(crate) fn decode(config: &Markov, weights: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(weights, Kind::Markov)?;
        let mut memory = Self::new(config);
        let order = reader.u32()?;
        if order != config.order {
            let detail = format!("they are of order {order}, not {}", config.order);
            return Err(Error::Mismatch(detail));
        }
        for _ in 0..reader.len(size_of::<u32>())? {
            let sample = RawValue::from_string(reader.text()?.to_owned());
            memory.number(&sample.map_err(|_| Error::Malformed("a sample is no JSON"))?);
        }
        for _ in 0..reader.len(size_of::<u64>())? {
            let length = reader.len(size_of::<u32>())?;
            let context = (0..length).map(|_| reader.u32());
            let context = context.collect::<Result<Box<[u32]>, _>>()?;
            let length = reader.len(size_of::<u64>())?;
            let followers = (0..length).map(|_| Ok((reader.u32()?, reader.u32()?)));
            let followers = followers.collect::<Result<Followers, Error>>()?;
            memory.followers.insert(context, followers);
        }
        reader.end()?;
        Ok(memory)
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut writer = Writer::new(Kind::Markov);
        writer.len(self.order);
        writer.len(self.samples.len());
        for sample in &self.samples {
            writer.text(sample.get());
        }
        writer.len(self.followers.len());
        for (context, followers) in &self.followers {
            writer.len(context.len());
            for number in context {
                writer.u32(*number);
            }
            writer.len(followers.len());
            for (next, count) in followers {
                writer.u32(*next);
                writer.u32(*count);
            }
        }
        writer.finish()
    }

    /// What followed the last samples most often, and of these the latest. Where they were never learned,
    /// fewer of them decide; null when nothing was learned.
    pub(crate) fn forward(&self, preceding: &[&RawValue]) -> Box<RawValue> {
        let context = self.context(preceding);
        let suffixes = (0..=context.len()).map(|start| &context[start..]);
        let known = suffixes.filter_map(|suffix| self.followers.get(suffix));
        let next = known.into_iter().next().and_then(|followers| {
            let most = followers.iter().max_by_key(|(_, count)| *count);
            most.map(|(next, _)| *next)
        });
        let sample = next.and_then(|next| self.samples.get(index_of(next)?));
        sample.cloned().unwrap_or_else(|| RawValue::NULL.to_owned())
    }

    pub(crate) fn learn(&mut self, step: &Step<'_>, target: &RawValue) -> Learned {
        let output = self.forward(step.preceding);
        let loss = if output.get() == target.get() {
            0.0
        } else {
            1.0
        };
        let newest = &step.preceding[step.preceding.len().saturating_sub(self.order)..];
        for sample in newest {
            self.number(sample);
        }
        let context = self.context(step.preceding);
        let next = self.number(target);
        for start in 0..=context.len() {
            let followers = self.followers.entry(context[start..].into()).or_default();
            let known = followers.iter().position(|(follower, _)| *follower == next);
            let count = known.map_or(0, |index| followers.remove(index).1);
            followers.push((next, count.saturating_add(1)));
        }
        Learned { output, loss }
    }

    /// The numbers of the last samples: as many as the order. A sample that was never learned has a number
    /// that no other has.
    fn context(&self, preceding: &[&RawValue]) -> Vec<u32> {
        let known = preceding.iter().map(|sample| {
            let number = self.numbers.get(sample.get());
            number.copied().unwrap_or(u32::MAX)
        });
        let sequence: Vec<u32> = [START].into_iter().chain(known).collect();
        sequence[sequence.len().saturating_sub(self.order)..].to_vec()
    }

    /// The number of a sample; a new one when it was never learned.
    fn number(&mut self, sample: &RawValue) -> u32 {
        if let Some(number) = self.numbers.get(sample.get()) {
            return *number;
        }
        self.samples.push(sample.to_owned());
        let number = u32::try_from(self.samples.len()).unwrap_or(u32::MAX);
        self.numbers.insert(sample.get().into(), number);
        number
    }
}

/// The index of the sample with a number.
fn index_of(number: u32) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}
