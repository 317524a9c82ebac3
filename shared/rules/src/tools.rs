//! Tools: what an agent's model calls on its way to an answer, and the people who are asked first.
//!
//! A run that answers ends with calls instead of a message. Each call becomes a run of its own, at
//! once or when a person has agreed, or is refused; when all of them have results, the agent goes on
//! with another run. The calls on the way to one answer are a loop. Its owner is opaque here, and
//! begins and ends it.

mod ability_calls;
mod access;
mod approval_list;
mod approvals;
mod check;
mod commands;
mod events;
mod limits;
mod loops;
mod request;
mod session_calls;
mod state;

pub(crate) use ability_calls::{event_of_call, send_in_session};
pub(crate) use access::{may_only_read, servers};
pub(crate) use approvals::{cancel_approvals_of, decide, expire};
pub(crate) use check::{check_access, check_calls, check_servers};
pub(crate) use commands::{cancel_loop, on_tool_calls, on_tool_result};
pub(crate) use events::{apply, end_loop, record_request_result, record_run_result, record_step};
pub(crate) use loops::{call_of, is_settled, open_requests, steps};
pub(crate) use session_calls::authorize_in_session;
pub(crate) use state::{LoopOwner, Tools};
