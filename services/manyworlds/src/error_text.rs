//! Errors in one line, with what a user can do about them.

use std::error::Error as StdError;

use client::Error;

const UNAUTHORIZED: u16 = 401;

/// An error with its causes, in one line.
pub(crate) fn error_text(error: &anyhow::Error) -> String {
    let causes: Vec<String> = error.chain().map(cause_text).collect();
    causes.join(": ")
}

fn cause_text(cause: &(dyn StdError + 'static)) -> String {
    match cause.downcast_ref::<Error>() {
        Some(error @ Error::Connect { .. }) => format!("{error} (is `manyworlds up` running?)"),
        Some(Error::Problem(problem)) if problem.status == UNAUTHORIZED => {
            let mut problem = problem.clone();
            problem
                .detail
                .push_str(": pass --api-key, or set MANYWORLDS_API_KEY");
            Error::Problem(problem).to_string()
        }
        _ => cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use contract::http::ProblemDetails;

    use super::*;

    fn problem(status: u16, detail: &str) -> anyhow::Error {
        let problem = ProblemDetails {
            kind: String::new(),
            title: "Title".to_owned(),
            status,
            detail: detail.to_owned(),
            code: String::new(),
            field: None,
            retry_after: None,
        };
        Error::Problem(Box::new(problem)).into()
    }

    #[test]
    fn an_error_has_advice() {
        let error = Error::Connect {
            url: "http://localhost:1".to_owned(),
            source: "refused".into(),
        };
        let expected = "reach http://localhost:1 (is `manyworlds up` running?): refused";
        assert_eq!(error_text(&error.into()), expected);
        let error = problem(401, "no key").context("delete the world");
        let expected = "delete the world: no key: pass --api-key, or set MANYWORLDS_API_KEY [401]";
        assert_eq!(error_text(&error), expected);
        assert_eq!(error_text(&problem(404, "no chat x")), "no chat x [404]");
    }
}
