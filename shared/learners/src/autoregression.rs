//! Autoregression: the next number of a signal from the ones before, by least squares.

use contract::processor::Regression;
use nalgebra::{DMatrix, DVector};
use serde_json::value::RawValue;

use crate::codec::{Kind, Reader, Writer};
use crate::error::Error;
use crate::numbers::{parse_number, to_sample};
use crate::step::{Learned, Step};

/// Where equations can't be solved, what is added to their diagonal grows tenfold, at most so often.
const SOLVE_ATTEMPTS_MAX: u32 = 40;
/// What is added at first, where nothing is.
const RIDGE_MIN: f64 = 1e-12;

/// The normal equations of a linear prediction. They add up, so that it does not matter in how many runs
/// the samples came, and nothing is forgotten.
#[derive(Debug)]
pub(crate) struct Autoregression {
    order: usize,
    ridge: f64,
    gram: DMatrix<f64>,
    moment: DVector<f64>,
    /// The coefficients, once they were needed.
    coefficients: Option<DVector<f64>>,
}

impl Autoregression {
    pub(crate) fn new(config: &Regression) -> Self {
        let order = usize::try_from(config.order).unwrap_or(usize::MAX);
        Self {
            order,
            ridge: config.ridge,
            gram: DMatrix::zeros(order + 1, order + 1),
            moment: DVector::zeros(order + 1),
            coefficients: None,
        }
    }

    pub(crate) fn decode(config: &Regression, weights: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(weights, Kind::Autoregression)?;
        let mut learner = Self::new(config);
        let order = reader.u32()?;
        if order != config.order {
            let detail = format!("they are of order {order}, not {}", config.order);
            return Err(Error::Mismatch(detail));
        }
        let size = learner.order + 1;
        let (gram, moment) = (reader.numbers()?, reader.numbers()?);
        reader.end()?;
        if gram.len() != size * size || moment.len() != size {
            return Err(Error::Malformed("a matrix has another size"));
        }
        learner.gram = DMatrix::from_vec(size, size, gram);
        learner.moment = DVector::from_vec(moment);
        Ok(learner)
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut numbers = self.gram.iter().chain(self.moment.iter());
        if numbers.any(|number| !number.is_finite()) {
            return Err(Error::Diverged);
        }
        let mut writer = Writer::new(Kind::Autoregression);
        writer.len(self.order);
        writer.numbers(self.gram.as_slice());
        writer.numbers(self.moment.as_slice());
        writer.finish()
    }

    pub(crate) fn forward(&mut self, preceding: &[&RawValue]) -> Result<Box<RawValue>, Error> {
        let past = self.past(preceding)?;
        to_sample(&[self.predict(&past)?])
    }

    pub(crate) fn learn(&mut self, step: &Step<'_>, target: &RawValue) -> Result<Learned, Error> {
        let target = parse_number(target)?;
        let past = self.past(step.preceding)?;
        let predicted = self.predict(&past)?;
        let loss = (predicted - target) * (predicted - target);
        if !loss.is_finite() {
            return Err(Error::Diverged);
        }
        let output = to_sample(&[predicted])?;
        if let Some(row) = self.row(&past) {
            self.gram.ger(1.0, &row, &row, 1.0);
            self.moment.axpy(target, &row, 1.0);
            self.coefficients = None;
        }
        Ok(Learned { output, loss })
    }

    /// The last samples, newest first: as many as the order, or as there are.
    fn past(&self, preceding: &[&RawValue]) -> Result<Vec<f64>, Error> {
        let newest = preceding.iter().rev().take(self.order);
        newest.map(|sample| parse_number(sample)).collect()
    }

    /// The factors of the coefficients; `None` at the beginning of a signal.
    fn row(&self, past: &[f64]) -> Option<DVector<f64>> {
        let numbers = [1.0].into_iter().chain(past.iter().copied());
        (past.len() == self.order).then(|| DVector::from_iterator(self.order + 1, numbers))
    }

    /// The next number; at the beginning of a signal, the last one.
    fn predict(&mut self, past: &[f64]) -> Result<f64, Error> {
        let Some(row) = self.row(past) else {
            return Ok(past.first().copied().unwrap_or(0.0));
        };
        let coefficients = match self.coefficients.take() {
            Some(coefficients) => coefficients,
            None => self.solve()?,
        };
        let predicted = coefficients.dot(&row);
        self.coefficients = Some(coefficients);
        Ok(predicted)
    }

    fn solve(&self) -> Result<DVector<f64>, Error> {
        let mut ridge = self.ridge;
        for _ in 0..SOLVE_ATTEMPTS_MAX {
            let mut equations = self.gram.clone();
            for index in 0..equations.nrows() {
                equations[(index, index)] += ridge;
            }
            if let Some(factors) = equations.cholesky() {
                return Ok(factors.solve(&self.moment));
            }
            // Signals without noise depend on fewer numbers than there are coefficients.
            ridge = (ridge * 10.0).max(RIDGE_MIN);
        }
        Err(Error::Diverged)
    }
}
