//! `/v1/worlds/{world}/streams`.

use contract::StreamRef;
use contract::http::{
    AppendReceipt, AppendSamplesRequest, PutStreamRequest, Receipt, SamplesPage, SamplesPageQuery,
    StreamsPage, StreamsPageQuery,
};
use contract::view::StreamView;
use reqwest::Method;

use crate::error::Error;
use crate::transport::Transport;

/// The streams of a world.
#[derive(Debug, Clone)]
pub struct Streams<'a> {
    transport: &'a Transport,
    path: String,
}

impl<'a> Streams<'a> {
    pub(crate) fn new(transport: &'a Transport, world_path: &str) -> Self {
        Self {
            transport,
            path: format!("{world_path}/streams"),
        }
    }

    /// Reads a page of the streams.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list(&self, query: &StreamsPageQuery) -> Result<StreamsPage, Error> {
        self.transport.get(&self.path, query).await
    }

    /// Declares a stream, or changes whether it is public.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn put(
        &self,
        stream: &StreamRef,
        request: &PutStreamRequest,
    ) -> Result<Receipt, Error> {
        self.transport
            .command_with(Method::PUT, &self.stream(stream), request)
            .await
    }

    /// Reads a stream, without its samples.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn show(&self, stream: &StreamRef) -> Result<StreamView<'static>, Error> {
        self.transport.get(&self.stream(stream), &()).await
    }

    /// Removes a stream.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn remove(&self, stream: &StreamRef) -> Result<Receipt, Error> {
        self.transport
            .command(Method::DELETE, &self.stream(stream))
            .await
    }

    /// Appends samples to a stream: all of them, or none.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn append(
        &self,
        stream: &StreamRef,
        request: &AppendSamplesRequest,
    ) -> Result<AppendReceipt, Error> {
        self.transport
            .command_with(Method::POST, &self.samples_path(stream), request)
            .await
    }

    /// Reads samples of a stream, from any position on.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn samples(
        &self,
        stream: &StreamRef,
        query: &SamplesPageQuery,
    ) -> Result<SamplesPage, Error> {
        self.transport.get(&self.samples_path(stream), query).await
    }

    fn stream(&self, stream: &StreamRef) -> String {
        format!("{}/{}/{}", self.path, stream.owner, stream.name)
    }

    fn samples_path(&self, stream: &StreamRef) -> String {
        format!("{}/samples", self.stream(stream))
    }
}
