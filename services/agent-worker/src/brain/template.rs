//! Templates with placeholders.

/// Replaces each `{name}` that has a value. Placeholders in values are not replaced.
pub(crate) fn fill<'a>(template: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        rest = &rest[open..];
        let placeholder = rest.find('}').map(|close| &rest[1..close]);
        match placeholder.and_then(|name| Some((name, value(name)?))) {
            Some((name, value)) => {
                text.push_str(value);
                rest = &rest[name.len() + 2..];
            }
            None => {
                text.push('{');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_once() {
        let value = |name: &str| match name {
            "text" => Some("{agent}"),
            "agent" => Some("Ada"),
            _ => None,
        };
        assert_eq!(
            fill("{agent}: {text} {other} {", value),
            "Ada: {agent} {other} {"
        );
        assert_eq!(fill("{{text}}", value), "{{agent}}");
        assert_eq!(fill("", value), "");
    }
}
