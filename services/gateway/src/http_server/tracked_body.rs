//! The body of a response, whose end is the end of its request.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

use super::activity::OpenRequest;

/// The body of a response. Its request is open until it is dropped.
pub(super) struct TrackedBody {
    body: Body,
    _request: OpenRequest,
}

impl TrackedBody {
    pub(super) fn new(body: Body, request: OpenRequest) -> Self {
        Self {
            body,
            _request: request,
        }
    }
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
