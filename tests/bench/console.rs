//! The console in a browser: its size, its first row, and how it keeps up with a busy world.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use bus::Bus;
use contract::WorldId;
use serde::Deserialize;
use system_tests::{Cluster, browser};
use testkit::eventually;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::commits::{create, events, flood, send};
use crate::report::{Report, Row, median};

const SIZE: &str = "console: all of its files, compressed";
const FIRST_ROW: &str = "console: first row of the timeline";
const CPU: &str = "console: CPU of the page at 1,000 events/s";
const FRAME: &str = "console: longest frame at 1,000 events/s";

/// How many letters of a file's name are the hash of its content.
const HASH_LENGTH: usize = 8;
const SIZE_MAX_KB: f64 = 200.0;
const FRAME_MAX_MS: f64 = 100.0;
/// How many events the page has loaded.
const LOADED: usize = 100_000;
/// How many arrive then.
const ARRIVING: usize = 20_000;
/// Events of one command, each of which is sent as long after the one before as makes 1,000 a second.
const BATCH: usize = 20;
const PACE: Duration = Duration::from_millis(20);
/// The script asks for the events with this line.
const READY: &str = "READY";

/// What `measure.mjs` prints at its end.
#[derive(Deserialize)]
struct Measured {
    first_row_ms: Vec<f64>,
    control: f64,
    page: f64,
    frames: Frames,
}

#[derive(Deserialize)]
struct Frames {
    count: usize,
    longest_ms: f64,
    over: usize,
}

/// What drives the browser.
struct Tools {
    browser: PathBuf,
    modules: PathBuf,
}

pub(crate) async fn rows(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    if report.wants(SIZE) {
        size(cluster, report).await;
    }
    let in_browser = [FIRST_ROW, CPU, FRAME].into_iter();
    let wanted: Vec<_> = in_browser.filter(|name| report.wants(name)).collect();
    if wanted.is_empty() {
        return;
    }
    let tools = async {
        let browser = browser::program()?;
        let modules = browser::modules()?;
        embedded(cluster).await?;
        Ok::<_, String>(Tools { browser, modules })
    };
    let measured = match tools.await {
        Ok(tools) => page(cluster, bus, report, &tools).await,
        Err(reason) => Err(reason),
    };
    match measured {
        Ok(measured) => add(report, measured),
        Err(reason) => wanted
            .into_iter()
            .for_each(|name| report.skip(name, &reason)),
    }
}

/// The paths of the files that the gateway has embedded, if it was built with the console: the page names some, and
/// these name others.
async fn embedded(cluster: &Cluster) -> Result<BTreeSet<String>, String> {
    let (mut found, mut unread) = (BTreeSet::new(), vec!["/".to_owned()]);
    while let Some(path) = unread.pop() {
        let Some(text) = text(cluster, &path).await else {
            continue;
        };
        let paths = named(&text).map(|name| format!("/assets/{name}"));
        unread.extend(paths.filter(|path| !found.contains(path)));
        found.insert(path);
    }
    found.remove("/");
    match found.is_empty() {
        true => Err("the gateway was built without the console: make console".to_owned()),
        false => Ok(found),
    }
}

/// What looks like a name that Vite gives to a file: `index-CXKWGmhX.css`.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let words = text.split(move |letter: char| !is_of_name(letter));
    words.filter(|word| {
        let Some((name, "js" | "css" | "svg")) = word.rsplit_once('.') else {
            return false;
        };
        name.len() > HASH_LENGTH && name.as_bytes()[name.len() - HASH_LENGTH - 1] == b'-'
    })
}

/// A file, if there is one.
async fn text(cluster: &Cluster, path: &str) -> Option<String> {
    let address = format!("{}{path}", cluster.gateways[0].base);
    let response = reqwest::get(address).await.unwrap();
    match response.status().is_success() {
        true => Some(response.text().await.unwrap()),
        false => None,
    }
}

/// What a browser loads that opens every page.
async fn size(cluster: &Cluster, report: &mut Report) {
    let files = match embedded(cluster).await {
        Ok(files) => files,
        Err(reason) => return report.skip(SIZE, &reason),
    };
    let client = reqwest::Client::new();
    let (mut gzip, mut brotli) = (0, 0);
    for path in files.iter().map(String::as_str).chain(["/"]) {
        let address = format!("{}{path}", cluster.gateways[0].base);
        for (encoding, total) in [("gzip", &mut gzip), ("br", &mut brotli)] {
            let request = client.get(&address).header("accept-encoding", encoding);
            let response = request.send().await.unwrap();
            assert!(response.status().is_success(), "{path} is missing");
            *total += response.bytes().await.unwrap().len();
        }
    }
    let [gzip, brotli] = [gzip, brotli].map(kilobytes);
    report.add(Row {
        name: SIZE,
        value: format!("{gzip:.0} kB, brotli {brotli:.0}"),
        control: format!("bar {SIZE_MAX_KB:.0} kB"),
        ratio: gzip / SIZE_MAX_KB,
        bar: "<= 200 kB",
        met: gzip <= SIZE_MAX_KB,
        cpu_ms: None,
    });
}

#[expect(clippy::cast_precision_loss, reason = "the size of a page")]
fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1000.0
}

/// Measures in the browser. An error is why it could not.
async fn page(
    cluster: &Cluster,
    bus: &Bus,
    report: &Report,
    tools: &Tools,
) -> Result<Measured, String> {
    let world = create(bus, "console").await;
    let loaded = report.count(LOADED);
    flood(bus, &world, loaded.div_ceil(BATCH) + 64, BATCH).await;
    eventually("the archive has caught up", async || {
        let lag = "manyworlds_persistence_lag_commits";
        cluster.metric("persistence", lag).await == Some(0.0)
    })
    .await;
    let arriving = report.count(ARRIVING).next_multiple_of(BATCH);
    let started = Script::start(tools, cluster, &world, loaded, arriving);
    let mut script = started.map_err(|error| format!("node: {error}"))?;
    while let Some(line) = script.printed.next_line().await.unwrap() {
        match line == READY {
            true => arrive(bus, &world, arriving).await,
            false => return serde_json::from_str(&line).map_err(|error| error.to_string()),
        }
    }
    let status = script.child.wait().await.unwrap();
    Err(format!("measure.mjs ended with {status}"))
}

/// The script that measures. It ends with this.
struct Script {
    child: Child,
    printed: Lines<BufReader<ChildStdout>>,
}

impl Script {
    fn start(
        tools: &Tools,
        cluster: &Cluster,
        world: &WorldId,
        loaded: usize,
        arriving: usize,
    ) -> std::io::Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/console/measure.mjs");
        let mut child = Command::new("node")
            .arg(script)
            .args([&cluster.gateways[0].base, world.as_str()])
            .args([loaded.to_string(), arriving.to_string()])
            .env("BROWSER", &tools.browser)
            .env("BROWSER_MODULES", &tools.modules)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let printed = BufReader::new(child.stdout.take().unwrap()).lines();
        Ok(Self { child, printed })
    }
}

/// Sends events, 1,000 a second.
async fn arrive(bus: &Bus, world: &WorldId, count: usize) {
    let mut pace = tokio::time::interval(PACE);
    for _ in 0..count / BATCH {
        pace.tick().await;
        send(bus, world, events(BATCH)).await;
    }
}

fn add(report: &mut Report, mut measured: Measured) {
    let first_row = median(&mut measured.first_row_ms);
    report.add(Row {
        name: FIRST_ROW,
        value: format!("{first_row:.0} ms"),
        control: "an empty cache".to_owned(),
        ratio: 1.0,
        bar: "",
        met: true,
        cpu_ms: None,
    });
    // So many CPU ms for each event are as many CPU seconds for each second of 1,000.
    report.add(Row {
        name: CPU,
        value: format!("{:.3} ms an event", measured.page),
        control: format!("read and parsed {:.3} ms", measured.control),
        ratio: measured.page / measured.control,
        bar: "",
        met: true,
        cpu_ms: None,
    });
    let Frames {
        count,
        longest_ms,
        over,
    } = measured.frames;
    report.add(Row {
        name: FRAME,
        value: format!("{longest_ms:.0} ms, {over} of {count} over"),
        control: format!("bar {FRAME_MAX_MS:.0} ms"),
        ratio: longest_ms / FRAME_MAX_MS,
        bar: "<= 100 ms with 100,000 events loaded",
        met: over == 0,
        cpu_ms: None,
    });
}
