//! The commands of the documents are run: each block `sh` of a page, in order, in a folder of the page's own, beside
//! a `manyworlds up` of its own. What can't be run in a test is in `not_run.txt`, with the reason.

mod not_run;
mod shell;
mod system;

use self::not_run::NotRun;
use self::shell::Shell;
use self::system::System;
use crate::pages::{self, Fence, Page};

/// A test for each page, so that they run beside each other, and the list of these pages.
macro_rules! pages_with_commands {
    ($($test:ident: $path:literal,)*) => {
        const PAGES: &[&str] = &[$($path),*];

        $(
            #[tokio::test]
            async fn $test() {
                run_page($path).await;
            }
        )*
    };
}

pages_with_commands! {
    the_commands_of_the_readme_work: "README.md",
    the_commands_of_agent_world_work: "docs/agent-world.md",
    the_commands_of_the_archive_work: "docs/archive.md",
    the_commands_of_atoms_work: "docs/atoms.md",
    the_commands_of_behaviours_work: "docs/behaviours.md",
    the_commands_of_the_configuration_work: "docs/configuration.md",
    the_commands_of_genworlds_work: "docs/genworlds.md",
    the_commands_of_the_http_api_work: "docs/http-api.md",
    the_commands_of_interactions_work: "docs/interactions.md",
    the_commands_of_operations_work: "docs/operations.md",
    the_commands_of_processors_work: "docs/processors.md",
    the_commands_of_the_quick_start_work: "docs/quick-start.md",
    the_commands_of_streams_work: "docs/streams.md",
    the_commands_of_the_tour_work: "docs/tour.md",
    the_commands_of_unaiverse_work: "docs/unaiverse.md",
    the_commands_of_world_files_work: "docs/world-files.md",
}

#[test]
fn every_page_with_commands_has_a_test() {
    let not_run = NotRun::read();
    let with_commands: Vec<String> = pages::all()
        .into_iter()
        .filter(|page| commands(page).any(|fence| !not_run.lists(&page.path, fence)))
        .map(|page| page.path)
        .collect();
    assert_eq!(with_commands, PAGES);
}

#[test]
fn every_block_that_is_not_run_is_there_once() {
    let pages = pages::all();
    let blocks: Vec<(&str, &Fence)> = pages
        .iter()
        .flat_map(|page| commands(page).map(|fence| (&*page.path, fence)))
        .collect();
    assert_eq!(NotRun::read().unmatched(&blocks), [""; 0]);
}

/// The blocks of commands of a page.
fn commands(page: &Page) -> impl Iterator<Item = &Fence> {
    page.fences.iter().filter(|fence| fence.language == "sh")
}

async fn run_page(path: &str) {
    let page = Page::read(path);
    let not_run = NotRun::read();
    let shell = Shell::new();
    let mut system = System::start(&shell);
    for fence in &page.fences {
        let file = shell::file_name(fence);
        match &*fence.language {
            "sh" if !not_run.lists(path, fence) => {
                // A page may end everything, to show what is left.
                system.ensure_running(&shell).await;
                if let Err(error) = shell.run(&fence.text, &system.address).await {
                    panic!("{path}:{}: {error}\n{}", fence.line, fence.text);
                }
            }
            "yaml" | "toml" => shell.write(file.as_deref(), &fence.text),
            _ => {}
        }
    }
}
