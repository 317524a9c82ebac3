//! `manyworlds key`: the API key, for other programs and for pages that want it.

use anyhow::Context as _;

use crate::output::Output;

/// Prints the API key.
pub(crate) fn print(api_key: Option<&str>, output: Output) -> anyhow::Result<()> {
    let key =
        api_key.context("no API key is given: MANYWORLDS_API_KEY, or MANYWORLDS_API_KEY_FILE")?;
    Ok(output.line(key)?)
}
