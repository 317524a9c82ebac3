//! The name of an event type that is derived from the name of its struct.

/// Converts a Rust name to snake case: `HTTPCallEnded` becomes `http_call_ended`.
pub(crate) fn snake_case(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 8);
    for (index, character) in characters.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| characters[before]);
        let after = characters.get(index + 1);
        let ends_a_word = before.is_some_and(|before| before.is_lowercase() || before.is_numeric());
        let ends_an_acronym = before.is_some_and(char::is_uppercase)
            && after.is_some_and(|after| after.is_lowercase());
        if character.is_uppercase() && (ends_a_word || ends_an_acronym) {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_named_after_its_struct() {
        for (name, expected) in [
            (
                "AgentSpeaksWithUserTriggerEvent",
                "agent_speaks_with_user_trigger_event",
            ),
            ("OrderPlaced", "order_placed"),
            ("HTTPCallEnded", "http_call_ended"),
            ("Order2Placed", "order2_placed"),
            ("Ping", "ping"),
            ("order_placed", "order_placed"),
            ("ABTest", "ab_test"),
        ] {
            assert_eq!(snake_case(name), expected);
        }
    }
}
