//! `/v1/worlds/{world}`, and what is below it.

use contract::command::WorldUpdate;
use contract::http::{
    AtQuery, BadgesPage, BadgesPageQuery, Receipt, RosterResponse, StateQuery, StateResponse,
    StatisticsResponse, ToolServersQuery, ToolServersResponse, UsageResponse, UsageSelection,
    WorldResponse,
};
use contract::{ChatId, WorldId, WorldSpec};
use reqwest::Method;

use crate::approvals::Approvals;
use crate::behaviours::Behaviours;
use crate::chats::Chats;
use crate::entities::Entities;
use crate::error::Error;
use crate::event_types::EventTypes;
use crate::events::Events;
use crate::flows::Flows;
use crate::interactions::Interactions;
use crate::messages::Messages;
use crate::runs::Runs;
use crate::sessions::Sessions;
use crate::streams::Streams;
use crate::timers::Timers;
use crate::transport::Transport;

/// One world.
#[derive(Debug, Clone)]
pub struct World<'a> {
    transport: &'a Transport,
    path: String,
}

impl<'a> World<'a> {
    pub(crate) fn new(transport: &'a Transport, id: &WorldId) -> Self {
        Self {
            transport,
            path: format!("/v1/worlds/{id}"),
        }
    }

    /// Reads what the world is.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn show(&self) -> Result<WorldResponse, Error> {
        self.transport.get(&self.path, &()).await
    }

    /// Creates the world, or brings it to what `spec` describes. What is not described stays.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn apply(&self, spec: &WorldSpec) -> Result<Receipt, Error> {
        let Self { transport, path } = self;
        transport.command_with(Method::PUT, path, spec).await
    }

    /// Changes what the world is. What is absent stays.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn update(&self, update: &WorldUpdate) -> Result<Receipt, Error> {
        let Self { transport, path } = self;
        transport.command_with(Method::PATCH, path, update).await
    }

    /// Deletes the world, for good.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn delete(&self) -> Result<Receipt, Error> {
        self.transport.command(Method::DELETE, &self.path).await
    }

    /// Reads the state of the world, now or at any commit, or an outline of it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn state(&self, query: &StateQuery) -> Result<StateResponse, Error> {
        self.transport.get(&self.below("state"), query).await
    }

    /// Reads what the world's language models have used and cost, in all or over time, from the archive.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn usage(&self, query: &UsageSelection) -> Result<UsageResponse, Error> {
        self.transport.get(&self.below("usage"), query).await
    }

    /// Reads who is in the world, with roles, states and partners.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn roster(&self, query: &AtQuery) -> Result<RosterResponse, Error> {
        self.transport.get(&self.below("roster"), query).await
    }

    /// Reads which tool servers (MCP) the agents of the world have, and whether workers can use them.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn tool_servers(
        &self,
        query: &ToolServersQuery,
    ) -> Result<ToolServersResponse, Error> {
        self.transport.get(&self.below("tool-servers"), query).await
    }

    /// Reads what the machines of the world have done.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn statistics(&self, query: &AtQuery) -> Result<StatisticsResponse, Error> {
        self.transport.get(&self.below("statistics"), query).await
    }

    /// Reads a page of the badges of the world, from the archive.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn badges(&self, query: &BadgesPageQuery) -> Result<BadgesPage, Error> {
        self.transport.get(&self.below("badges"), query).await
    }

    /// The behaviours of its entities.
    pub fn behaviours(&self) -> Behaviours<'a> {
        Behaviours::new(self.transport, &self.path)
    }

    /// Its entities.
    pub fn entities(&self) -> Entities<'a> {
        Entities::new(self.transport, &self.path)
    }

    /// Its chats.
    pub fn chats(&self) -> Chats<'a> {
        Chats::new(self.transport, &self.path)
    }

    /// The messages of one of its chats.
    pub fn messages(&self, chat: &ChatId) -> Messages<'a> {
        Messages::new(self.transport, &self.path, chat)
    }

    /// Its events.
    pub fn events(&self) -> Events<'a> {
        Events::new(self.transport, &self.path)
    }

    /// The types of custom events that it checks.
    pub fn event_types(&self) -> EventTypes<'a> {
        EventTypes::new(self.transport, &self.path)
    }

    /// Its runs of actions.
    pub fn runs(&self) -> Runs<'a> {
        Runs::new(self.transport, &self.path)
    }

    /// Its flows.
    pub fn flows(&self) -> Flows<'a> {
        Flows::new(self.transport, &self.path)
    }

    /// The sessions of its flows.
    pub fn sessions(&self) -> Sessions<'a> {
        Sessions::new(self.transport, &self.path)
    }

    /// Its interactions.
    pub fn interactions(&self) -> Interactions<'a> {
        Interactions::new(self.transport, &self.path)
    }

    /// Its tool calls that wait for a person.
    pub fn approvals(&self) -> Approvals<'a> {
        Approvals::new(self.transport, &self.path)
    }

    /// Its streams of samples.
    pub fn streams(&self) -> Streams<'a> {
        Streams::new(self.transport, &self.path)
    }

    /// Its timers.
    pub fn timers(&self) -> Timers<'a> {
        Timers::new(self.transport, &self.path)
    }

    fn below(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }
}
