//! What clients read and change of worlds, agents and chats.

mod history;
mod names;
mod successors;
