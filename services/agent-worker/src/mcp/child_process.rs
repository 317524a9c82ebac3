//! An MCP server that is a child process of the worker.

use std::ffi::OsString;
use std::io;
use std::process::Stdio;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use process_wrap::tokio::{CommandWrap, ProcessGroup};
use rmcp::RoleClient;
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::{TokioChildProcess, Transport};
use tokio::process::Command;
use tokio::time::timeout;

/// Timeout for a graceful end; then the process group is killed. The protocol closes the standard
/// input first, and sends a signal 3 s later.
const END_TIMEOUT: Duration = Duration::from_secs(4);

/// A child process, and the connection to its standard input and output.
pub(super) struct ChildProcess(Option<TokioChildProcess>);

impl ChildProcess {
    /// Starts a program with these environment variables and no others. Its standard error is
    /// discarded: it may contain anything.
    pub(super) fn spawn(
        command: &str,
        args: &[String],
        variables: &[(String, OsString)],
    ) -> io::Result<Self> {
        let mut command = Command::new(command);
        command
            .args(args)
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .kill_on_drop(true);
        let mut command = CommandWrap::from(command);
        command.wrap(ProcessGroup::leader());
        let builder = TokioChildProcess::builder(command).stderr(Stdio::null());
        Ok(Self(Some(builder.spawn()?.0)))
    }
}

impl Transport<RoleClient> for ChildProcess {
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let sending = self.0.as_mut().map(|process| process.send(message));
        async move {
            match sending {
                Some(sending) => sending.await,
                None => Err(io::ErrorKind::NotConnected.into()),
            }
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        self.0.as_mut()?.receive().await
    }

    async fn close(&mut self) -> io::Result<()> {
        let Some(mut process) = self.0.take() else {
            return Ok(());
        };
        // Before the end: a process that has ended has no id.
        let id = process.id();
        let ended = timeout(END_TIMEOUT, process.graceful_shutdown()).await;
        // Its own child processes may outlive it, however it has ended.
        let killed = id.map_or(Ok(()), kill_group);
        match (ended, process.into_inner()) {
            (Err(_elapsed), Some(mut process)) => Box::into_pin(process.kill()).await,
            (Err(_elapsed), None) => killed,
            (Ok(ended), _) => ended.and(killed),
        }
    }
}

/// Kills the remaining processes of a process group.
fn kill_group(leader: u32) -> io::Result<()> {
    let leader = i32::try_from(leader).map_err(io::Error::other)?;
    match killpg(Pid::from_raw(leader), Signal::SIGKILL) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
