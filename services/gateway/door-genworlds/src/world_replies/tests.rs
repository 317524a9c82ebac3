use super::*;

fn reply(profile: &Profile, write: impl FnOnce(&WorldReply<'_>) -> String) -> Value {
    let world = "rag-world".parse().unwrap();
    let reply = WorldReply {
        world: &world,
        profile,
        recipient: "qna_agent",
    };
    let mut frame: Value = serde_json::from_str(&write(&reply)).unwrap();
    assert_eq!(frame["sender_id"], "rag-world");
    assert_eq!(frame["target_id"], "qna_agent");
    assert_eq!(frame["summary"], Value::Null);
    assert!(frame["created_at"].is_string());
    frame.as_object_mut().unwrap().remove("created_at");
    frame
}

fn profile(metadata: Value) -> Profile {
    Profile {
        name: "RAGWorld".to_owned(),
        description: "A world.".to_owned(),
        metadata: serde_json::from_value(metadata).unwrap(),
        seq: 1,
    }
}

fn ability(description: &str, schema: &Value) -> AvailableAbility {
    serde_json::from_value(json!({
        "entity": "qdrant_bucket", "ability": "RetrieveChunks",
        "event_type": "agent_sends_query", "description": description, "schema": schema,
    }))
    .unwrap()
}

#[test]
fn entities_are_records() {
    let entities: Vec<Entity> = serde_json::from_value(json!([
        {"id": "qna_agent", "kind": "agent", "description": "It answers.", "location": "hall"},
        {"id": "chat_user", "kind": "user"},
        {
            "id": "mic", "kind": "object", "name": "Microphone", "held_by": "qna_agent",
            "metadata": {"entity_class": "Microphone", "colour": "red", "id": "other"},
        },
    ]))
    .unwrap();
    let profile = profile(json!({"entity_class": "ChatInterfaceWorld", "screens_config": {}}));
    let frame = reply(&profile, |reply| reply.entities(&entities));
    assert_eq!(frame["event_type"], "world_sends_available_entities_event");
    assert_eq!(frame["description"], "Send available entities.");
    let expected = json!({
        "rag-world": {
            "id": "rag-world", "entity_type": "WORLD", "entity_class": "ChatInterfaceWorld",
            "name": "RAGWorld", "description": "A world.",
        },
        "qna_agent": {
            "id": "qna_agent", "entity_type": "AGENT", "entity_class": "Agent",
            "name": "qna_agent", "description": "It answers.", "location": "hall",
        },
        "mic": {
            "id": "mic", "entity_type": "OBJECT", "entity_class": "Microphone",
            "name": "Microphone", "description": "", "held_by": "qna_agent", "colour": "red",
        },
    });
    assert_eq!(frame["available_entities"], expected);
}

#[test]
fn abilities_are_schemas_of_complete_frames() {
    let schema = json!({
        "title": "Query", "required": ["query"],
        "properties": {"query": {"type": "string", "pattern": "a|b"}},
    });
    let abilities = [ability("Retrieves a list | of chunks.", &schema)];
    let frame = reply(&profile(json!({})), |reply| reply.schemas(&abilities, &[]));
    assert_eq!(frame["world_name"], "RAGWorld");
    assert_eq!(frame["world_description"], "A world.");
    let entry = &frame["available_action_schemas"]["qdrant_bucket:RetrieveChunks"];
    let parts: Vec<&str> = entry.as_str().unwrap().split('|').collect();
    let [description, event_type, schema] = parts[..] else {
        panic!("{entry}")
    };
    assert_eq!(description, "Retrieves a list / of chunks.");
    assert_eq!(event_type, "agent_sends_query");
    let expected = json!({
        "title": "Query", "type": "object", "required": ["sender_id", "query"],
        "properties": {
            "event_type": {
                "title": "Event Type", "type": "string", "default": "agent_sends_query",
            },
            "description": {
                "title": "Description", "type": "string",
                "default": "Retrieves a list | of chunks.",
            },
            "summary": {"title": "Summary", "type": "string"},
            "created_at": {"title": "Created At", "type": "string", "format": "date-time"},
            "sender_id": {"title": "Sender Id", "type": "string"},
            "target_id": {"title": "Target Id", "type": "string"},
            "query": {"type": "string", "pattern": "a|b"},
        },
    });
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert_eq!(schema, expected);
}

#[test]
fn an_ability_without_a_schema_has_the_fields_of_every_frame() {
    let schema = event_schema(&ability("", &json!(true)));
    assert_eq!(schema["title"], "RetrieveChunks");
    assert_eq!(schema["properties"].as_object().unwrap().len(), 6);
}

#[test]
fn screens_are_those_of_the_world_or_none() {
    let config = json!({"name": "Mine", "screens": [{"name": "Chat"}]});
    let frame = reply(&profile(json!({"screens_config": config})), |reply| {
        reply.screens()
    });
    assert_eq!(frame["event_type"], "world_sends_screens_to_user");
    assert_eq!(frame["screens_config"], config);
    let frame = reply(&profile(json!({})), |reply| reply.screens());
    let none = json!({"name": "RAGWorld", "screens": []});
    assert_eq!(frame["screens_config"], none);
}
