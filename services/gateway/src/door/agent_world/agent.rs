//! An agent as clients describe it, and the entity that it becomes.

use std::collections::BTreeMap;

use contract::brain::{Llm, Provider};
use contract::command::EntityUpdate;
use contract::tool::ToolAccess;
use contract::{AgentConfig, Brain, Entity, EntityId, EntityKind, Timestamp};
use serde_json::{Value, json};

use super::input::Fields;

/// The providers that clients may name.
pub(super) const PROVIDERS: [&str; 6] = [
    "openai",
    "anthropic",
    "google",
    "ollama",
    "openai-compatible",
    "azure",
];
const STATES: [&str; 3] = ["active", "inactive", "error"];
/// What clients keep with an agent, and only they understand.
const KEPT: [&str; 6] = [
    "type",
    "status",
    "description",
    "azureEndpoint",
    "azureApiVersion",
    "azureDeployment",
];

/// What a body says of an agent; what is absent stays as it is.
pub(super) struct Described {
    auto_reply: Option<bool>,
    provider: Option<String>,
    model: Option<String>,
    base_url: Option<String>,
    system_prompt: Option<String>,
    temperature: Option<f64>,
    max_tokens: Option<u32>,
    kept: Vec<(&'static str, String)>,
}

impl Described {
    /// Reads the fields of a body. A key (`apiKey`) is read and dropped: keys are never stored, and
    /// come from the worker's own environment.
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        fields.nullable_text("apiKey");
        if fields.get("status").is_some() {
            fields.choice("status", &STATES);
        }
        let mut kept = Vec::new();
        for field in KEPT {
            if let Some(text) = fields.nullable_text(field) {
                kept.push((field, text));
            }
        }
        Self {
            auto_reply: fields.flag("autoReply"),
            provider: fields.choice("provider", &PROVIDERS),
            model: fields.text("model"),
            base_url: fields.nullable_text("baseUrl"),
            system_prompt: fields.nullable_text("systemPrompt"),
            temperature: fields.number("temperature", 0.0, 1.0),
            max_tokens: fields.count("maxTokens"),
            kept,
        }
    }

    /// A new agent.
    pub(super) fn entity(self, id: EntityId, name: String, now: Timestamp) -> Entity {
        let mut config = AgentConfig {
            brain: Brain::Llm(Box::new(default_llm())),
            tools: Some(ToolAccess::default()),
            ..AgentConfig::default()
        };
        let mut metadata = BTreeMap::from([("createdAt".to_owned(), json!(now))]);
        self.change(&mut config, &mut metadata);
        Entity {
            name,
            agent: Some(config),
            metadata,
            ..Entity::new(id, EntityKind::Agent)
        }
    }

    /// The same agent, changed.
    pub(super) fn changed(self, entity: &Entity, name: Option<String>) -> EntityUpdate {
        let mut config = entity.agent.clone().unwrap_or_default();
        let mut metadata = entity.metadata.clone();
        self.change(&mut config, &mut metadata);
        EntityUpdate {
            entity: entity.id.clone(),
            name,
            agent: Some(config),
            description: None,
            abilities: None,
            metadata: Some(metadata),
        }
    }

    fn change(self, config: &mut AgentConfig, metadata: &mut BTreeMap<String, Value>) {
        for (field, text) in &self.kept {
            metadata.insert((*field).to_owned(), json!(text));
        }
        config.auto_reply = self.auto_reply.unwrap_or(config.auto_reply);
        if self.speaks_of_a_model() {
            let mut llm = match &config.brain {
                Brain::Llm(llm) => Llm::clone(llm),
                // These clients expect of every model that it can use tools and ask people.
                Brain::Script(_) | Brain::Function { .. } | Brain::Client {} => {
                    config.tools.get_or_insert_default();
                    default_llm()
                }
            };
            self.change_llm(&mut llm, metadata);
            config.brain = Brain::Llm(Box::new(llm));
        }
    }

    fn speaks_of_a_model(&self) -> bool {
        self.provider.is_some()
            || self.model.is_some()
            || self.base_url.is_some()
            || self.system_prompt.is_some()
            || self.temperature.is_some()
            || self.max_tokens.is_some()
    }

    fn change_llm(self, llm: &mut Llm, metadata: &mut BTreeMap<String, Value>) {
        if let Some(provider) = self.provider {
            llm.provider = provider_of(&provider);
            metadata.insert("provider".to_owned(), json!(provider));
        }
        if let Some(base_url) = self.base_url {
            llm.base_url = Some(base_url).filter(|url| !url.is_empty());
        }
        llm.model = self.model.unwrap_or_else(|| llm.model.clone());
        llm.system_prompt = self
            .system_prompt
            .unwrap_or_else(|| llm.system_prompt.clone());
        llm.temperature = self.temperature.or(llm.temperature);
        llm.tokens_max = self.max_tokens.or(llm.tokens_max);
    }
}

/// What an agent thinks with that does not say.
fn default_llm() -> Llm {
    Llm {
        provider: Provider::Openai,
        model: "gpt-4".to_owned(),
        base_url: None,
        system_prompt: String::new(),
        temperature: None,
        tokens_max: None,
        call_timeout_seconds: std::time::Duration::from_secs(60),
    }
}

/// The protocol that a provider speaks.
pub(super) fn provider_of(name: &str) -> Provider {
    match name {
        "anthropic" => Provider::Anthropic,
        "google" => Provider::Gemini,
        "ollama" => Provider::Ollama,
        _ => Provider::Openai,
    }
}

#[cfg(test)]
mod tests {
    use super::super::shape;
    use super::*;

    fn described(body: &Value) -> Entity {
        let mut fields = Fields::of(body);
        let described = Described::read(&mut fields);
        fields.check().unwrap();
        described.entity("ada".parse().unwrap(), "Ada".to_owned(), Timestamp::MAX)
    }

    #[test]
    fn an_agent_thinks_with_what_its_body_says() {
        for (body, provider, protocol, model) in [
            (json!({}), "openai", Provider::Openai, "gpt-4"),
            (
                json!({"provider": "google", "model": "pro"}),
                "google",
                Provider::Gemini,
                "pro",
            ),
            (
                json!({"provider": "azure"}),
                "azure",
                Provider::Openai,
                "gpt-4",
            ),
            (
                json!({"provider": "openai-compatible"}),
                "openai-compatible",
                Provider::Openai,
                "gpt-4",
            ),
            (
                json!({"provider": "ollama"}),
                "ollama",
                Provider::Ollama,
                "gpt-4",
            ),
        ] {
            let entity = described(&body);
            let llm = shape::llm_of(&entity).unwrap();
            let found = (shape::provider(&entity), llm.provider, llm.model.as_str());
            assert_eq!(found, (provider.to_owned(), protocol, model), "{body}");
        }
    }

    #[test]
    fn a_model_may_use_tools_and_a_change_leaves_what_it_may() {
        let mut entity = described(&json!({"provider": "openai"}));
        let reads = ToolAccess {
            questions: false,
            ..ToolAccess::default()
        };
        for (before, after) in [
            (Some(ToolAccess::default()), Some(ToolAccess::default())),
            (Some(reads.clone()), Some(reads)),
            (None, None),
        ] {
            entity.agent.as_mut().unwrap().tools = before;
            let body = json!({"model": "other"});
            let change = Described::read(&mut Fields::of(&body)).changed(&entity, None);
            assert_eq!(change.agent.unwrap().tools, after);
        }
        // What thought by rules gets what every model has.
        entity.agent = Some(AgentConfig::default());
        let body = json!({"model": "other"});
        let change = Described::read(&mut Fields::of(&body)).changed(&entity, None);
        assert_eq!(change.agent.unwrap().tools, Some(ToolAccess::default()));
    }

    #[test]
    fn a_key_is_never_kept() {
        let entity = described(&json!({"apiKey": "secret", "type": "judge", "status": "active"}));
        let written = serde_json::to_string(&entity).unwrap();
        assert!(!written.contains("secret"), "{written}");
        assert_eq!(entity.metadata["type"], "judge");
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let entity = described(&json!({
            "systemPrompt": "Be kind.", "temperature": 0.5, "autoReply": false, "baseUrl": "http://x/v1",
        }));
        let body = json!({"model": "other", "baseUrl": null});
        let mut fields = Fields::of(&body);
        let change = Described::read(&mut fields).changed(&entity, None);
        let config = change.agent.unwrap();
        assert!(!config.auto_reply);
        assert_eq!(config.tools, Some(ToolAccess::default()));
        let Brain::Llm(llm) = config.brain else {
            panic!("an agent keeps its language model");
        };
        assert_eq!(
            (llm.model.as_str(), llm.system_prompt.as_str()),
            ("other", "Be kind.")
        );
        assert_eq!((llm.temperature, llm.base_url), (Some(0.5), None));
    }
}
