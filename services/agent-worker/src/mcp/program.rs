//! A server that is a program of this machine.

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

/// A program that was told to end has this long; then it is killed with all that it has started.
/// The protocol wants its input closed first, and a signal 3 s later.
const END_TIMEOUT: Duration = Duration::from_secs(4);

/// A running program, and the connection to it.
pub(super) struct Program(Option<TokioChildProcess>);

impl Program {
    /// Starts it with these variables and no others. What it writes to its standard error is not
    /// kept: nobody knows what is in there.
    pub(super) fn start(
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

impl Transport<RoleClient> for Program {
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let sending = self.0.as_mut().map(|program| program.send(message));
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
        let Some(mut program) = self.0.take() else {
            return Ok(());
        };
        // Of a program that has ended there is no id any more.
        let id = program.id();
        let ended = timeout(END_TIMEOUT, program.graceful_shutdown()).await;
        // What it has started may outlive it, however it has ended.
        let killed = id.map_or(Ok(()), kill_group);
        match (ended, program.into_inner()) {
            (Err(_elapsed), Some(mut program)) => Box::into_pin(program.kill()).await,
            (Err(_elapsed), None) => killed,
            (Ok(ended), _) => ended.and(killed),
        }
    }
}

/// Kills what is left of the group that this process has led.
fn kill_group(leader: u32) -> io::Result<()> {
    let leader = i32::try_from(leader).map_err(io::Error::other)?;
    match killpg(Pid::from_raw(leader), Signal::SIGKILL) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
