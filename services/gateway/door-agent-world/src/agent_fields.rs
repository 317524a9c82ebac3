//! The fields of an agent in a body, and the entity that they describe.

use std::collections::BTreeMap;

use contract::brain::{Llm, Provider};
use contract::command::EntityUpdate;
use contract::{AgentConfig, Brain, Entity, EntityId, EntityKind, Timestamp};
use serde_json::{Value, json};

use crate::tool_permission::new_access;
use crate::validation::Fields;

/// The providers that a body may name.
pub(crate) const PROVIDERS: [&str; 7] = [
    "openai",
    "anthropic",
    "google",
    "ollama",
    "openai-compatible",
    "azure",
    "xai",
];
/// The longest word for how much a model reasons.
const EFFORT_CHARACTERS_MAX: usize = 64;
const STATES: [&str; 3] = ["active", "inactive", "error"];
/// Fields that are stored for clients and mean nothing to the world.
const CLIENT_FIELDS: [&str; 6] = [
    "type",
    "status",
    "description",
    "azureEndpoint",
    "azureApiVersion",
    "azureDeployment",
];

/// The fields of an agent in a body; an absent one does not change.
pub(crate) struct AgentFields {
    auto_reply: Option<bool>,
    provider: Option<String>,
    model: Option<String>,
    base_url: Option<String>,
    system_prompt: Option<String>,
    temperature: Option<f64>,
    max_tokens: Option<u32>,
    reasoning_effort: Option<String>,
    client_fields: Vec<(&'static str, String)>,
}

impl AgentFields {
    /// Reads the fields of a body. A key (`apiKey`) is checked and dropped: keys are never stored, since
    /// workers have their own.
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        fields.nullable_text("apiKey");
        if fields.get("status").is_some() {
            fields.choice("status", &STATES);
        }
        let mut client_fields = Vec::new();
        for field in CLIENT_FIELDS {
            if let Some(text) = fields.nullable_text(field) {
                client_fields.push((field, text));
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
            reasoning_effort: read_reasoning_effort(fields),
            client_fields,
        }
    }

    /// A new agent.
    pub(crate) fn into_entity(self, id: EntityId, name: String, now: Timestamp) -> Entity {
        let mut config = AgentConfig {
            brain: Brain::Llm(Box::new(default_llm())),
            tools: Some(new_access()),
            ..AgentConfig::default()
        };
        let mut metadata = BTreeMap::from([("createdAt".to_owned(), json!(now))]);
        self.apply(&mut config, &mut metadata);
        Entity {
            name,
            agent: Some(config),
            metadata,
            ..Entity::new(id, EntityKind::Agent)
        }
    }

    /// The update of an agent.
    pub(crate) fn into_update(self, entity: &Entity, name: Option<String>) -> EntityUpdate {
        let mut config = entity.agent.clone().unwrap_or_default();
        let mut metadata = entity.metadata.clone();
        self.apply(&mut config, &mut metadata);
        EntityUpdate {
            kind: None,
            entity: entity.id.clone(),
            name,
            agent: Some(config),
            description: None,
            abilities: None,
            metadata: Some(metadata),
        }
    }

    fn apply(self, config: &mut AgentConfig, metadata: &mut BTreeMap<String, Value>) {
        for (field, text) in &self.client_fields {
            metadata.insert((*field).to_owned(), json!(text));
        }
        config.auto_reply = self.auto_reply.unwrap_or(config.auto_reply);
        if self.has_llm_fields() {
            let mut llm = match &config.brain {
                Brain::Llm(llm) => Llm::clone(llm),
                // These clients expect that every language model can use tools and ask people.
                Brain::Script(_) | Brain::Function { .. } | Brain::Client {} => {
                    config.tools.get_or_insert_with(new_access);
                    default_llm()
                }
            };
            self.apply_llm(&mut llm, metadata);
            config.brain = Brain::Llm(Box::new(llm));
        }
    }

    fn has_llm_fields(&self) -> bool {
        self.provider.is_some()
            || self.model.is_some()
            || self.base_url.is_some()
            || self.system_prompt.is_some()
            || self.temperature.is_some()
            || self.max_tokens.is_some()
            || self.reasoning_effort.is_some()
    }

    fn apply_llm(self, llm: &mut Llm, metadata: &mut BTreeMap<String, Value>) {
        if let Some(provider) = self.provider {
            llm.provider = parse_provider(&provider);
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
        if let Some(effort) = self.reasoning_effort {
            llm.options.reasoning_effort = Some(effort).filter(|effort| !is_default_effort(effort));
        }
    }
}

/// Reads how much a model reasons, as its provider names it: a field of this name in either form. Clients
/// write `default`, null or nothing for what the provider does by itself.
pub(crate) fn read_reasoning_effort(fields: &mut Fields<'_>) -> Option<String> {
    let names = ["reasoning_effort", "reasoningEffort"];
    let name = names.into_iter().find(|name| fields.get(name).is_some())?;
    let effort = fields.nullable_text(name)?.trim().to_lowercase();
    let is_word = effort.chars().all(|character| !character.is_whitespace());
    if !is_word || effort.chars().count() > EFFORT_CHARACTERS_MAX {
        let message = format!("A word of at most {EFFORT_CHARACTERS_MAX} characters");
        fields.add_issue_at(&[name], message);
    }
    Some(effort)
}

/// Whether the provider's own effort is meant.
pub(crate) fn is_default_effort(effort: &str) -> bool {
    matches!(effort, "" | "default")
}

/// The language model of an agent whose body names none.
fn default_llm() -> Llm {
    Llm {
        provider: Provider::Openai,
        model: "gpt-4".to_owned(),
        base_url: None,
        system_prompt: String::new(),
        temperature: None,
        tokens_max: None,
        call_timeout_seconds: std::time::Duration::from_secs(60),
        options: Default::default(),
    }
}

/// The provider of this name.
pub(crate) fn parse_provider(name: &str) -> Provider {
    match name {
        "anthropic" => Provider::Anthropic,
        "google" => Provider::Gemini,
        "ollama" => Provider::Ollama,
        "openai-compatible" => Provider::OpenaiCompatible,
        "azure" => Provider::Azure,
        "xai" => Provider::Xai,
        _ => Provider::Openai,
    }
}

#[cfg(test)]
mod tests {
    use contract::tool::ToolAccess;

    use super::*;
    use crate::views;

    fn entity(body: &Value) -> Entity {
        let mut fields = Fields::of(body);
        let agent = AgentFields::read(&mut fields);
        fields.check().unwrap();
        agent.into_entity("ada".parse().unwrap(), "Ada".to_owned(), Timestamp::MAX)
    }

    #[test]
    fn an_agent_has_the_language_model_of_its_body() {
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
                Provider::Azure,
                "gpt-4",
            ),
            (
                json!({"provider": "openai-compatible"}),
                "openai-compatible",
                Provider::OpenaiCompatible,
                "gpt-4",
            ),
            (
                json!({"provider": "ollama"}),
                "ollama",
                Provider::Ollama,
                "gpt-4",
            ),
        ] {
            let entity = entity(&body);
            let llm = views::llm_of(entity.agent.as_ref()).unwrap();
            let found = (
                views::provider_name(entity.agent.as_ref(), &entity.metadata),
                llm.provider,
                llm.model.as_str(),
            );
            assert_eq!(found, (provider.to_owned(), protocol, model), "{body}");
        }
    }

    #[test]
    fn a_model_may_use_tools_and_an_update_keeps_its_permissions() {
        let mut entity = entity(&json!({"provider": "openai"}));
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
            let update = AgentFields::read(&mut Fields::of(&body)).into_update(&entity, None);
            assert_eq!(update.agent.unwrap().tools, after);
        }
        // A script that becomes a language model gets the permissions of a new one.
        entity.agent = Some(AgentConfig::default());
        let body = json!({"model": "other"});
        let update = AgentFields::read(&mut Fields::of(&body)).into_update(&entity, None);
        assert_eq!(update.agent.unwrap().tools, Some(new_access()));
    }

    #[test]
    fn how_much_a_model_reasons_is_set_and_taken_back() {
        let mut entity = entity(&json!({"provider": "xai", "reasoning_effort": "High"}));
        let effort = |entity: &Entity| {
            let llm = views::llm_of(entity.agent.as_ref()).unwrap();
            (llm.provider, llm.options.reasoning_effort.clone())
        };
        assert_eq!(effort(&entity), (Provider::Xai, Some("high".to_owned())));
        for (body, expected) in [
            (json!({"model": "grok"}), Some("high")),
            (json!({"reasoningEffort": "none"}), Some("none")),
            (json!({"reasoning_effort": "default"}), None),
            (json!({"reasoning_effort": "low"}), Some("low")),
            (json!({"reasoning_effort": null}), None),
        ] {
            let mut fields = Fields::of(&body);
            let update = AgentFields::read(&mut fields).into_update(&entity, None);
            fields.check().unwrap();
            entity.agent = update.agent;
            assert_eq!(effort(&entity).1.as_deref(), expected, "{body}");
        }
        for wrong in [json!(7), json!("x".repeat(65))] {
            let body = json!({"reasoning_effort": wrong});
            let mut fields = Fields::of(&body);
            AgentFields::read(&mut fields);
            assert!(fields.check().is_err(), "{body}");
        }
    }

    #[test]
    fn a_key_is_never_stored() {
        let entity = entity(&json!({"apiKey": "secret", "type": "judge", "status": "active"}));
        let written = serde_json::to_string(&entity).unwrap();
        assert!(!written.contains("secret"), "{written}");
        assert_eq!(entity.metadata["type"], "judge");
    }

    #[test]
    fn an_update_keeps_what_it_does_not_name() {
        let entity = entity(&json!({
            "systemPrompt": "Be kind.", "temperature": 0.5, "autoReply": false, "baseUrl": "http://x/v1",
        }));
        let body = json!({"model": "other", "baseUrl": null});
        let mut fields = Fields::of(&body);
        let update = AgentFields::read(&mut fields).into_update(&entity, None);
        let config = update.agent.unwrap();
        assert!(!config.auto_reply);
        assert_eq!(config.tools, Some(new_access()));
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
