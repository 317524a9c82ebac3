//! Whether a value fits a schema, and if not, why.

mod checker;
mod diagnostics;
mod parts;

use serde_json::Value;
use serde_json::value::RawValue;

pub(crate) use self::checker::Checker;
use crate::fault::Fault;
use crate::schema::Schema;

impl Schema {
    /// Whether a value fits.
    ///
    /// # Errors
    /// What does not fit, from 1 to 8 faults: the first that are found.
    pub fn check(&self, value: &RawValue) -> Result<(), Vec<Fault>> {
        let value: Value = serde_json::from_str(value.get())
            .map_err(|error| vec![Fault::of_root(format!("can't be read: {error}"))])?;
        self.check_value(&value)
    }

    pub(crate) fn check_value(&self, value: &Value) -> Result<(), Vec<Fault>> {
        let mut checker = Checker::new(self);
        if checker.fits(Self::ROOT, value) {
            Ok(())
        } else if checker.is_exhausted() {
            Err(vec![Fault::of_root("is too complex to be checked")])
        } else {
            Err(diagnostics::faults(self, value))
        }
    }
}
