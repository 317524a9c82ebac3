//! The format of weights: a header, then numbers in little-endian order.

use contract::processor::WEIGHTS_BYTES_MAX;

use crate::error::Error;

const MAGIC: &[u8; 3] = b"MWL";
/// A change of the format is a new version; what an earlier one wrote must still be read.
const VERSION: u8 = 1;

/// Which learner wrote weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Markov = 1,
    Linear = 2,
    Softmax = 3,
    Autoregression = 4,
}

/// Writes weights.
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn new(kind: Kind) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([VERSION, kind as u8]);
        Self { bytes }
    }

    pub(crate) fn u32(&mut self, number: u32) {
        self.bytes.extend(number.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, number: u64) {
        self.bytes.extend(number.to_le_bytes());
    }

    /// A length: of what is in memory, so that it fits.
    pub(crate) fn len(&mut self, len: usize) {
        self.u32(u32::try_from(len).unwrap_or(u32::MAX));
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.len(text.len());
        self.bytes.extend(text.as_bytes());
    }

    pub(crate) fn numbers(&mut self, numbers: &[f64]) {
        self.len(numbers.len());
        for number in numbers {
            self.bytes.extend(number.to_le_bytes());
        }
    }

    pub(crate) fn finish(self) -> Result<Vec<u8>, Error> {
        check_size(self.bytes.len())?;
        Ok(self.bytes)
    }
}

/// Checks that weights of so many bytes may be stored.
pub(crate) fn check_size(bytes: usize) -> Result<(), Error> {
    let max = WEIGHTS_BYTES_MAX;
    if bytes > max {
        return Err(Error::TooLarge { bytes, max });
    }
    Ok(())
}

/// Reads weights.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], kind: Kind) -> Result<Self, Error> {
        let mut reader = Self { rest: bytes };
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(Error::Malformed("they are of no learner"));
        }
        if reader.take(1)? != [VERSION] {
            return Err(Error::Malformed("they are of another version"));
        }
        if reader.take(1)? != [kind as u8] {
            return Err(Error::Mismatch(
                "they are of another kind of learner".to_owned(),
            ));
        }
        Ok(reader)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A length of what has at least `size` bytes for each element.
    pub(crate) fn len(&mut self, size: usize) -> Result<usize, Error> {
        let len = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        if len.saturating_mul(size) > self.rest.len() {
            return Err(Error::Malformed("they end too early"));
        }
        Ok(len)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Error> {
        let len = self.len(1)?;
        let bytes = self.take(len)?;
        std::str::from_utf8(bytes).map_err(|_| Error::Malformed("a text is not UTF-8"))
    }

    pub(crate) fn numbers(&mut self) -> Result<Vec<f64>, Error> {
        let len = self.len(size_of::<f64>())?;
        let numbers = (0..len).map(|_| Ok(f64::from_le_bytes(self.array()?)));
        numbers.collect()
    }

    pub(crate) fn end(self) -> Result<(), Error> {
        match self.rest {
            [] => Ok(()),
            _ => Err(Error::Malformed("they do not end where they should")),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let bytes = self.take(N)?;
        bytes
            .try_into()
            .map_err(|_| Error::Malformed("they end too early"))
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let split = self.rest.split_at_checked(count);
        let (taken, rest) = split.ok_or(Error::Malformed("they end too early"))?;
        self.rest = rest;
        Ok(taken)
    }
}
