//! A map from numbers to numbers: a matrix, whose last column is added.

use nalgebra::{DMatrix, DVector};

use crate::codec::{Reader, Writer, check_size};
use crate::error::Error;

/// A map from numbers to numbers, which is zero at first.
#[derive(Debug, Clone)]
pub(crate) struct Affine {
    matrix: DMatrix<f64>,
}

impl Affine {
    pub(crate) fn zero(outputs: usize, inputs: usize) -> Result<Self, Error> {
        let columns = inputs.saturating_add(1);
        let numbers = outputs.saturating_mul(columns);
        check_size(numbers.saturating_mul(size_of::<f64>()))?;
        Ok(Self {
            matrix: DMatrix::zeros(outputs, columns),
        })
    }

    pub(crate) fn outputs(&self) -> usize {
        self.matrix.nrows()
    }

    pub(crate) fn inputs(&self) -> usize {
        self.matrix.ncols() - 1
    }

    /// Adds an output, which is zero at first.
    pub(crate) fn add_output(&mut self) -> Result<(), Error> {
        let rows = self.outputs() + 1;
        check_size(rows.saturating_mul(self.matrix.ncols() * size_of::<f64>()))?;
        let matrix = std::mem::replace(&mut self.matrix, DMatrix::zeros(0, 0));
        self.matrix = matrix.insert_row(rows - 1, 0.0);
        Ok(())
    }

    pub(crate) fn apply(&self, input: &[f64]) -> Result<DVector<f64>, Error> {
        Ok(&self.matrix * self.extended(input)?)
    }

    /// Makes a step of this rate against the gradient of an error whose derivative by the outputs is
    /// `slope`.
    pub(crate) fn descend(
        &mut self,
        rate: f64,
        slope: &DVector<f64>,
        input: &[f64],
    ) -> Result<(), Error> {
        let input = self.extended(input)?;
        self.matrix.ger(-rate, slope, &input, 1.0);
        Ok(())
    }

    /// Writes a map that may not be there yet.
    pub(crate) fn encode_optional(map: Option<&Self>, writer: &mut Writer) -> Result<(), Error> {
        writer.len(usize::from(map.is_some()));
        let Some(map) = map else {
            return Ok(());
        };
        if map.matrix.iter().any(|number| !number.is_finite()) {
            return Err(Error::Diverged);
        }
        writer.len(map.outputs());
        writer.len(map.inputs());
        writer.numbers(map.matrix.as_slice());
        Ok(())
    }

    /// Reads what [`encode_optional`](Self::encode_optional) wrote.
    pub(crate) fn decode_optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        if reader.u32()? == 0 {
            return Ok(None);
        }
        let rows = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        let columns = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        let columns = columns.saturating_add(1);
        let numbers = reader.numbers()?;
        if rows.saturating_mul(columns) != numbers.len() {
            return Err(Error::Malformed("a matrix has another size"));
        }
        let matrix = DMatrix::from_vec(rows, columns, numbers);
        Ok(Some(Self { matrix }))
    }

    /// The input, and a one for the column that is added.
    fn extended(&self, input: &[f64]) -> Result<DVector<f64>, Error> {
        if input.len() != self.inputs() {
            let (found, expected) = (input.len(), self.inputs());
            let detail = format!("an input of {found} numbers: there were {expected} before");
            return Err(Error::InvalidSample(detail));
        }
        let numbers = input.iter().copied().chain([1.0]);
        Ok(DVector::from_iterator(input.len() + 1, numbers))
    }
}
