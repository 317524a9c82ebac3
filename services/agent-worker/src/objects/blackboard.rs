//! A blackboard with jobs: anyone adds jobs, one entity takes a job, and finishes it.

use manyworlds_sdk::contract::EntityId;
use manyworlds_sdk::{Error, Event, JsonSchema, Object, ObjectCtx, ObjectType, Received, schemars};
use serde::{Deserialize, Serialize};

/// The maximum number of jobs, and the maximum length of a title: the state of an entity has at most
/// 64 KiB.
const JOBS_MAX: usize = 100;
const TITLE_BYTES_MAX: usize = 400;

/// Add a job to the blackboard.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct BlackboardAdd {
    title: String,
}

/// Take a job that nobody has taken.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct BlackboardTake {
    /// Its id; the first that is free when absent.
    #[serde(default)]
    job: Option<u64>,
}

/// Finish a job that you have taken. It is wiped off.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct BlackboardFinish {
    /// Its id; the first that the sender has taken when absent.
    #[serde(default)]
    job: Option<u64>,
}

/// Read all jobs that are not finished.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct BlackboardRead {}

/// A job was added.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct BlackboardAdded {
    by: String,
    job: Job,
}

/// Somebody has taken a job.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct BlackboardTaken {
    by: String,
    job: Job,
}

/// A job is finished.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct BlackboardFinished {
    by: String,
    job: Job,
}

/// What is on the blackboard.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct BlackboardShown {
    jobs: Vec<Job>,
}

/// Nothing was done, and why.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct BlackboardRefused {
    reason: String,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct Job {
    id: u64,
    title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    taken_by: Option<String>,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Blackboard {
    jobs: Vec<Job>,
    /// The id of the job that was added last.
    last_job: u64,
}

impl Object for Blackboard {
    const TYPE: &'static str = "blackboard";
}

impl Blackboard {
    /// The job of this id, or the first job, that `taker` has taken; a free job without a taker.
    ///
    /// # Errors
    /// Why there is no such job, for the sender.
    fn find(&mut self, id: Option<u64>, taker: Option<&str>) -> Result<&mut Job, String> {
        let Some(id) = id else {
            let mut jobs = self.jobs.iter_mut();
            let found = jobs.find(|job| job.taken_by.as_deref() == taker);
            return found.ok_or_else(|| match taker {
                None => "no job is free".to_owned(),
                Some(_) => "you have taken no job".to_owned(),
            });
        };
        let job = self.jobs.iter_mut().find(|job| job.id == id);
        let job = job.ok_or_else(|| format!("there is no job {id}"))?;
        match (job.taken_by.as_deref(), taker) {
            (has, wanted) if has == wanted => Ok(job),
            (Some(other), None) => Err(format!("{other} has taken it")),
            _ => Err("only who has taken a job finishes it".to_owned()),
        }
    }
}

pub(super) fn object_type() -> ObjectType<impl Object> {
    ObjectType::<Blackboard>::default()
        .ability("add", add)
        .ability("take", take)
        .ability("finish", finish)
        .ability("read", read)
}

type Board = ObjectCtx<Blackboard>;

async fn add(event: Received<BlackboardAdd>, mut board: Board) -> Result<Board, Error> {
    let title = event.title.trim();
    if title.is_empty() || title.len() > TITLE_BYTES_MAX {
        let reason = format!("a title has 1 to {TITLE_BYTES_MAX} bytes");
        return refuse(board, &event.sender, reason);
    }
    if board.state.jobs.len() >= JOBS_MAX {
        let reason = format!("there is room for {JOBS_MAX} jobs: finish some first");
        return refuse(board, &event.sender, reason);
    }
    board.state.last_job += 1;
    let job = Job {
        id: board.state.last_job,
        title: title.to_owned(),
        taken_by: None,
    };
    board.state.jobs.push(job.clone());
    let by = event.sender.to_string();
    board.send(&BlackboardAdded { by, job })?;
    Ok(board)
}

async fn take(event: Received<BlackboardTake>, mut board: Board) -> Result<Board, Error> {
    let by = event.sender.to_string();
    match board.state.find(event.job, None) {
        Ok(job) => {
            job.taken_by = Some(by.clone());
            let job = job.clone();
            board.send(&BlackboardTaken { by, job })?;
            Ok(board)
        }
        Err(reason) => refuse(board, &event.sender, reason),
    }
}

async fn finish(event: Received<BlackboardFinish>, mut board: Board) -> Result<Board, Error> {
    let by = event.sender.to_string();
    match board.state.find(event.job, Some(&by)).cloned() {
        Ok(job) => {
            board.state.jobs.retain(|other| other.id != job.id);
            board.send(&BlackboardFinished { by, job })?;
            Ok(board)
        }
        Err(reason) => refuse(board, &event.sender, reason),
    }
}

async fn read(event: Received<BlackboardRead>, mut board: Board) -> Result<Board, Error> {
    let jobs = board.state.jobs.clone();
    board.send_to(&event.sender, &BlackboardShown { jobs })?;
    Ok(board)
}

fn refuse(mut board: Board, sender: &EntityId, reason: String) -> Result<Board, Error> {
    board.send_to(sender, &BlackboardRefused { reason })?;
    Ok(board)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_free_or_taken_by_one() {
        let job = |id, taken_by: Option<&str>| Job {
            id,
            title: "sweep".to_owned(),
            taken_by: taken_by.map(str::to_owned),
        };
        let mut board = Blackboard {
            jobs: vec![job(1, Some("tom")), job(2, None)],
            last_job: 2,
        };
        for (id, taker, expected) in [
            (None, None, Ok(2)),
            (Some(2), None, Ok(2)),
            (None, Some("tom"), Ok(1)),
            (Some(1), None, Err("tom has taken it")),
            (
                Some(1),
                Some("eve"),
                Err("only who has taken a job finishes it"),
            ),
            (
                Some(2),
                Some("tom"),
                Err("only who has taken a job finishes it"),
            ),
            (None, Some("eve"), Err("you have taken no job")),
            (Some(3), None, Err("there is no job 3")),
        ] {
            let found = board.find(id, taker).map(|job| job.id);
            assert_eq!(found, expected.map_err(str::to_owned), "{id:?} {taker:?}");
        }
    }
}
