//! What abilities may be, and what they take.

use std::collections::BTreeSet;

use contract::ability::{Ability, Trigger};
use contract::{Rejection, RejectionCode};
use serde_json::value::RawValue;

use crate::rejection::{invalid, reject, too_large};
use crate::schemas::{invalid_data, parse_schema};
use crate::text::check_text;

const ABILITIES_MAX: usize = 64;
const DESCRIPTION_BYTES_MAX: usize = 4096;

/// Checks the abilities of an entity; `field` is where they stand in what was sent.
pub(crate) fn check_abilities(abilities: &[Ability], field: &str) -> Result<(), Rejection> {
    if abilities.len() > ABILITIES_MAX {
        let detail = format!("an entity has at most {ABILITIES_MAX} abilities");
        return Err(too_large(detail, Some(field.to_owned())));
    }
    let mut names = BTreeSet::new();
    for (index, ability) in abilities.iter().enumerate() {
        let field = format!("{field}[{index}]");
        if !names.insert(&ability.name) {
            let detail = format!("{} is there twice", ability.name);
            return Err(invalid(format!("{field}.name"), detail));
        }
        if let Trigger::Type(event_type) = &ability.trigger
            && event_type.is_reserved()
        {
            let detail = format!("{event_type} is the world's own");
            let field = Some(format!("{field}.trigger"));
            return Err(reject(RejectionCode::ReservedType, detail, field));
        }
        check_text(
            &ability.description,
            DESCRIPTION_BYTES_MAX,
            &format!("{field}.description"),
        )?;
        if let Some(arguments) = &ability.arguments {
            parse_schema(arguments, &format!("{field}.arguments"))?;
        }
    }
    Ok(())
}

/// Whether the data of an event, at `field`, is what an ability takes.
pub(crate) fn check_arguments(
    ability: &Ability,
    data: &RawValue,
    field: &str,
) -> Result<(), Rejection> {
    let Some(arguments) = &ability.arguments else {
        return Ok(());
    };
    let schema = parse_schema(arguments, field)?;
    schema
        .check(data)
        .map_err(|faults| invalid_data(&faults, field))
}
