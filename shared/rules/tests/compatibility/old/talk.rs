//! How agents talk in a chat: who is addressed, who answers, and how an answer is made ready.
//!
//! Functions over texts and names, which know nothing of the state. Start at [`answer::decide`],
//! which says who answers; [`reply::finished`] is what becomes of the answer.

pub(super) mod answer;
pub(super) mod history;
mod mention;
mod prefix;
pub(super) mod reply;
pub(super) mod speaker;
pub(super) mod title;
pub(super) mod variables;
