//! The dialect of Agent World: `@name` at the beginning of a line addresses an agent, `<world>` tags
//! name the recipients of an answer, and a limit notice is recognised by its text.

mod answer;
mod history;
mod mention;
mod routing;
mod tag;
#[cfg(test)]
mod tests;

pub(super) use answer::finish_answer;
pub(super) use history::is_shown;
pub(super) use mention::{called, first_free_mention};
pub(crate) use routing::ParsedMessage;
pub(super) use routing::{limit_notice, routing};
