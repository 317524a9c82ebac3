//! What can be typed.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use client::Client;

use crate::api_key::api_key;
use crate::commands::{
    action, approvals, badges, behaviour, bench, chat, export, flow, healthcheck, history, init,
    interact, key, nats_accounts, roster, send, session, sessions, state, statistics, stream, tail,
    timers, usage, world,
};
use crate::error_text::error_text;
use crate::gateway_url::gateway_url;
use crate::output::{Output, Style};
use crate::up;

const EXAMPLES: &str = "\
Examples:
  manyworlds up --world deploy/worlds/lobby.yaml     run everything, with a world in it
  manyworlds world check lobby.yaml                  find all errors of a world file
  manyworlds chat lobby                              talk to its agents
  echo hello | manyworlds chat lobby                 the same, for scripts
  manyworlds tail lobby --from 0                     all that ever happened in it, and what comes
  manyworlds state lobby --at 3                      the world as it was after its commit 3
  manyworlds stream append lab sensor:readings 1.5   append a sample to a stream
  manyworlds interact lobby process --from guest --to ada --samples '\"hello\"'
  manyworlds session helpdesk desk --as ann          talk to a flow
  manyworlds behaviour put lab ada teacher.yaml      give an agent a behaviour
  manyworlds rebuild                                 fill the archive from the log again
  manyworlds backup backups/                         write all that must not be lost to a file
  manyworlds send lobby myapp.order.created '{\"id\": 7}' --sender guest";

/// Worlds of agents: run them, talk to them, watch them.
#[derive(Debug, Parser)]
#[command(name = "manyworlds", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Global {
    /// The gateway
    #[arg(
        long,
        global = true,
        env = "MANYWORLDS_URL",
        default_value = "http://127.0.0.1:7000",
        value_parser = gateway_url
    )]
    url: String,
    /// The API key, if the gateway needs one
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = "MANYWORLDS_API_KEY",
        hide_env_values = true
    )]
    api_key: Option<String>,
    /// A file with the API key, where none is given
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "MANYWORLDS_API_KEY_FILE"
    )]
    api_key_file: Option<PathBuf>,
    /// Answer with JSON, one value a line
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything on this machine: NATS, all services, a database
    #[cfg(feature = "up")]
    Up(Box<up::Options>),
    /// Write a world file, a configuration and the project of a worker
    Init(init::Options),
    /// Write keys for the services, and what each may do in NATS, for a nats-server of one's own
    NatsAccounts(nats_accounts::Options),
    /// Make, list, show, check, change and delete worlds
    #[command(subcommand)]
    World(world::Command),
    /// Talk to the agents of a world
    Chat(chat::Options),
    /// Show what agents want to do and wait for a person
    Approvals(approvals::Waiting),
    /// Let an agent do what it waits for, or answer its questions
    Approve(approvals::Approve),
    /// Refuse what an agent waits for
    Deny(approvals::Deny),
    /// Let an entity request something of others, and show how it ended
    Interact(interact::Options),
    /// List the interactions of a world
    Interactions(interact::ListOptions),
    /// Give an agent a behaviour, show it, draw it, pause it
    #[command(subcommand)]
    Behaviour(behaviour::Command),
    /// List the flows of a world, show them, draw them
    #[command(subcommand)]
    Flow(flow::Command),
    /// Talk to a flow, in a session
    Session(session::Options),
    /// List the sessions of a world
    Sessions(sessions::Options),
    /// Let an entity use a built-in action of behaviours
    Action(action::Options),
    /// Show who is in a world, with roles, states and partners
    Roster(roster::Options),
    /// List the badges of a world
    Badges(badges::Options),
    /// Show what the behaviours of a world have done
    Statistics(statistics::Options),
    /// Send an event of a type of your own
    Send(send::Options),
    /// Show the events of a world as they come
    Tail(tail::Options),
    /// Show the state of a world, now or as it was
    State(state::Options),
    /// Show the latest messages of a chat
    History(history::HistoryOptions),
    /// Find messages that contain a text
    Search(history::SearchOptions),
    /// Write all events of a world, or all messages of a chat
    Export(export::Options),
    /// Show what the language models of a world have read and written, and what that cost
    Usage(usage::Options),
    /// List the timers of a world
    Timers(timers::Options),
    /// Declare streams of samples, append to them and read them
    #[command(subcommand)]
    Stream(stream::Command),
    /// Fill the archive's tables from the log again, beside a running system or without one
    Rebuild(Box<up::RebuildOptions>),
    /// Write the log, and all that belongs to it, to a file, beside a running system or without one
    Backup(Box<up::BackupOptions>),
    /// Make a system of such a file
    Restore(Box<up::RestoreOptions>),
    /// Print the API key that is used
    Key,
    /// Succeed if the gateway is ready, as containers want it
    Healthcheck,
    /// Measure a running system, in a world of its own
    Bench(bench::Options),
}

/// Does what was typed.
pub fn run(cli: Cli) -> ExitCode {
    let output = Output::new(cli.global.json);
    match dispatch(cli, output) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output, such as `head`, has closed it.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let title = output.paint_note(Style::Error, "error:");
            output.note(&format!("{title} {}", error_text(&error)));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(cli: Cli, output: Output) -> anyhow::Result<()> {
    #[cfg(feature = "up")]
    if let Command::Up(options) = cli.command {
        return service_kit::service_main("manyworlds", |config, shutdown| {
            up::up(*options, config, shutdown)
        });
    }
    if let Command::Rebuild(options) = cli.command {
        return service_kit::service_main("manyworlds", |config, shutdown| {
            up::rebuild(*options, config, shutdown)
        });
    }
    if let Command::Backup(options) = cli.command {
        return service_kit::service_main("manyworlds", |config, shutdown| {
            up::backup(*options, config, shutdown)
        });
    }
    if let Command::Restore(options) = cli.command {
        return service_kit::service_main("manyworlds", |config, shutdown| {
            up::restore(*options, config, shutdown)
        });
    }
    if let Command::Init(options) = &cli.command {
        return init::run(options, output);
    }
    if let Command::NatsAccounts(options) = &cli.command {
        return nats_accounts::run(options, output);
    }
    let api_key = api_key(cli.global.api_key, cli.global.api_key_file.as_deref())?;
    if let Command::Key = cli.command {
        return key::print(api_key.as_deref(), output);
    }
    let client = Client::new(&cli.global.url, api_key)?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(talk(cli.command, &client, output))
}

#[expect(clippy::cognitive_complexity, reason = "it is a table of the commands")]
async fn talk(command: Command, client: &Client, output: Output) -> anyhow::Result<()> {
    match command {
        #[cfg(feature = "up")]
        Command::Up(_) => Ok(()),
        Command::Rebuild(_)
        | Command::Backup(_)
        | Command::Restore(_)
        | Command::Init(_)
        | Command::NatsAccounts(_)
        | Command::Key => Ok(()),
        Command::Healthcheck => healthcheck::run(client).await,
        Command::World(command) => world::run(command, client, output).await,
        Command::Chat(options) => chat::run(options, client, output).await,
        Command::Approvals(options) => approvals::list(options, client, output).await,
        Command::Approve(options) => approvals::approve(options, client, output).await,
        Command::Deny(options) => approvals::deny(options, client, output).await,
        Command::Interact(options) => interact::run(options, client, output).await,
        Command::Interactions(options) => interact::list(options, client, output).await,
        Command::Behaviour(command) => behaviour::run(command, client, output).await,
        Command::Flow(command) => flow::run(command, client, output).await,
        Command::Session(options) => session::run(options, client, output).await,
        Command::Sessions(options) => sessions::run(options, client, output).await,
        Command::Action(options) => action::run(options, client, output).await,
        Command::Roster(options) => roster::run(options, client, output).await,
        Command::Badges(options) => badges::run(options, client, output).await,
        Command::Statistics(options) => statistics::run(options, client, output).await,
        Command::Send(options) => send::run(options, client, output).await,
        Command::Tail(options) => tail::run(options, client, output).await,
        Command::State(options) => state::run(options, client, output).await,
        Command::History(options) => history::history(options, client, output).await,
        Command::Search(options) => history::search(options, client, output).await,
        Command::Export(options) => export::run(options, client, output).await,
        Command::Usage(options) => usage::run(options, client, output).await,
        Command::Timers(options) => timers::run(options, client, output).await,
        Command::Stream(command) => stream::run(command, client, output).await,
        Command::Bench(options) => bench::run(options, client, output).await,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_commands_make_sense() {
        Cli::command().debug_assert();
    }
}
