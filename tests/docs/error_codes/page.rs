//! The text of the page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::calls::{self, Codes};
use super::close_codes::close_codes;
use super::meanings::Meanings;
use super::rejections::rejections;

/// What the page begins with.
const HEAD: &str = "\
# Error codes

This page is made of the sources; a test keeps it current (`tests/docs/error_codes.rs`).

Whatever is refused has a *code* for programs, a sentence for people, and the field at fault, if one is. Codes do not change
within a version; sentences do. A client that meets a code which it does not know goes by the HTTP status. 429, 503 and
507 have a `Retry-After`: the same request may succeed later. Of what has changed something already, a repeat with the
same `Idempotency-Key` gets the first answer.

";

/// The sections of the gateway's own codes: the kinds of errors in each, its title and what is written above its
/// table.
const SECTIONS: [Section; 6] = [
    Section {
        kinds: &["Problem"],
        title: "Problems of the gateway",
        text: "Of HTTP requests, at every door, and of frames of WebSockets.",
    },
    Section {
        kinds: &["TurnFailure"],
        title: "Answers",
        text: "In the `failures` of a posted message, beside the codes of [runs](#runs-that-fail).",
    },
    Section {
        kinds: &["ApiError"],
        title: "Agent World",
        text: "Clients of Agent World get `{error, code, details?}`. All codes above are there too, in capitals.",
    },
    Section {
        kinds: &["Fields", "Issue"],
        title: "Fields of Agent World",
        text: "The `code` of each of the `details` of a `VALIDATION_ERROR`.",
    },
    Section {
        kinds: &["RunFailure"],
        title: "GenWorlds",
        text: "In `error` frames, beside the codes of rules, problems and runs.",
    },
    Section {
        kinds: &["InvalidFrame"],
        title: "Atoms",
        text: "In the payload of `agent.error`, beside the codes of rules and problems.",
    },
];

/// What the page ends with.
const RUNS: &str = "
## Runs that fail

The code of a run that failed is in `action.failed`, in the outcomes of interactions and in the failures of a turn. Any
worker may have codes of its own; these pages have those that are built in:

- [how a run ends](sdk.md#how-a-run-ends): `result_refused`, `attempts_exhausted`, `deadline`;
- [language models](models.md#how-a-run-fails): `model_busy`, `endpoint_missing` and so on;
- [processors](processors.md#errors): `invalid_sample`, `diverged` and so on;
- [interactions](interactions.md#read): reasons such as `busy` and `role_mismatch`.
";

struct Section {
    kinds: &'static [&'static str],
    title: &'static str,
    text: &'static str,
}

/// The page, as it has to be.
pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    add_rejections(&mut page);
    let (mut codes, mut meanings) = (calls::codes(), Meanings::read());
    for section in &SECTIONS {
        add_section(&mut page, section, &mut codes, &mut meanings);
    }
    assert!(codes.is_empty(), "codes without a section: {codes:?}");
    meanings.finish();
    add_close_codes(&mut page);
    page.push_str(RUNS);
    page
}

fn add_rejections(page: &mut String) {
    page.push_str(
        "## Rules of worlds\n\nWhy a world refuses a command or a request.\n\n\
         | code | status | |\n|---|---|---|\n",
    );
    for row in rejections() {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} |",
            row.code, row.status, row.meaning
        );
    }
}

fn add_section(
    page: &mut String,
    section: &Section,
    codes: &mut BTreeMap<String, Codes>,
    meanings: &mut Meanings,
) {
    let mut rows = BTreeMap::new();
    for kind in section.kinds {
        for (code, statuses) in codes.remove(*kind).unwrap_or_default() {
            let meaning = meanings.take(kind, &code);
            rows.insert(code, (shown(&statuses), meaning));
        }
    }
    let (title, text) = (section.title, section.text);
    let has_status = rows.values().any(|(statuses, _)| !statuses.is_empty());
    let _ = writeln!(page, "\n## {title}\n\n{text}\n");
    page.push_str(match has_status {
        true => "| code | status | |\n|---|---|---|\n",
        false => "| code | |\n|---|---|\n",
    });
    for (code, (statuses, meaning)) in rows {
        let _ = match has_status {
            true => writeln!(page, "| `{code}` | {statuses} | {meaning} |"),
            false => writeln!(page, "| `{code}` | {meaning} |"),
        };
    }
}

fn shown(statuses: &BTreeSet<u16>) -> String {
    let statuses = statuses.iter().map(u16::to_string);
    statuses.collect::<Vec<_>>().join(", ")
}

fn add_close_codes(page: &mut String) {
    page.push_str(
        "\n## Close codes of WebSockets\n\nOf all doors. After 1012, and a code from 3000 to 3499, a client connects \
         again and resumes from its\nposition. An event stream of HTTP that the gateway closes ends with an event \
         `error` that has the same `code` and\na `reason`.\n\n| code | |\n|---|---|\n",
    );
    for (code, meaning) in close_codes() {
        let _ = writeln!(page, "| {code} | {meaning} |");
    }
}
