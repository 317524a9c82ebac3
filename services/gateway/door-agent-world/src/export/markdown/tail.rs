//! The metadata of the document.

use crate::export::exported_world::ExportedWorld;

/// The metadata of the document. `characters` come before it.
pub(crate) fn metadata(world: &ExportedWorld, events: usize, characters: usize) -> String {
    let agents = world.agents().count();
    let chats = usize::from(world.current().is_some());
    let head = format!(
        "## Export Metadata\n\n- **Export Format Version:** 1.1\n- **Agent World Version:** \
         Manyworlds {}\n",
        env!("CARGO_PKG_VERSION")
    );
    let size = characters + head.chars().count();
    format!(
        "{head}- **Total Export Size:** {size} characters\n- **Sections:** World Configuration, \
         Agents ({agents}), Current Chat ({chats}), Events ({events})\n"
    )
}
