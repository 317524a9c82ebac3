use super::*;

const TEXT: &str = "\
# The world's settings
project = many worlds

  directory=/home/ada/worlds
INVALID LINE
# project=commented out
project=manyworlds
=no name
two words=no name either
quoted=\"as it is\"
colour=#fff
sum=1+1=2
empty=
nested={{project}}
Über=groß
dotted.name-1=yes
crlf=clean\r
";

/// Names, and their values in the text above.
const VALUES: &[(&str, Option<&str>)] = &[
    ("project", Some("manyworlds")),
    ("directory", Some("/home/ada/worlds")),
    ("quoted", Some("\"as it is\"")),
    ("colour", Some("#fff")),
    ("sum", Some("1+1=2")),
    ("empty", Some("")),
    ("nested", Some("{{project}}")),
    ("Über", Some("groß")),
    ("dotted.name-1", Some("yes")),
    ("crlf", Some("clean")),
    ("Project", None),
    ("INVALID LINE", None),
    ("INVALID", None),
    ("# project", None),
    ("two words", None),
    ("", None),
];

/// Prompts, and what they are with the text above.
const FILLED: &[(&str, &str)] = &[
    ("", ""),
    ("no variables", "no variables"),
    ("{{project}}", "manyworlds"),
    ("{{ project }}", "manyworlds"),
    ("{{\tproject\r\n}}", "manyworlds"),
    (
        "Work on {{project}} in {{ directory }}.",
        "Work on manyworlds in /home/ada/worlds.",
    ),
    ("{{project}}{{project}}", "manyworldsmanyworlds"),
    ("<{{missing}}>", "<>"),
    ("<{{Project}}>", "<>"),
    ("<{{empty}}>", "<>"),
    ("{{nested}}", "{{project}}"),
    ("{{Über}}", "groß"),
    ("{{dotted.name-1}}", "yes"),
    ("{project}", "{project}"),
    ("{{two words}}", "{{two words}}"),
    ("{{}} {{ }}", "{{}} {{ }}"),
    ("{{project", "{{project"),
    ("project}}", "project}}"),
    ("}}{{project}}", "}}manyworlds"),
    ("{{{project}}}", "{manyworlds}"),
    ("{{ a {{project}}", "{{ a manyworlds"),
    ("{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}"),
    ("🙂{{project}}🙂", "🙂manyworlds🙂"),
];

#[test]
fn a_line_defines_a_variable() {
    let variables = Variables::parse(TEXT);
    for (name, expected) in VALUES {
        assert_eq!(variables.get(name), *expected, "{name:?}");
    }
}

#[test]
fn a_prompt_is_filled_with_values() {
    let variables = Variables::parse(TEXT);
    for (prompt, expected) in FILLED {
        assert_eq!(variables.fill(prompt, usize::MAX), *expected, "{prompt:?}");
    }
}

#[test]
fn without_variables_every_name_is_empty() {
    for text in ["", "\r\n\r\n", "# nothing", "\u{0}"] {
        assert_eq!(
            Variables::parse(text).fill("a{{b}}c", usize::MAX),
            "ac",
            "{text:?}"
        );
    }
}

#[test]
fn a_huge_prompt_is_filled_in_one_pass() {
    let variables = Variables::parse("a=b");
    for part in ["{{", "}}", "{{ ", "{{a", "{", "a b}} {{"] {
        let prompt = part.repeat(1 << 18);
        assert_eq!(variables.fill(&prompt, usize::MAX), prompt, "{part:?}");
    }
    let filled = variables.fill(&"{{a}}".repeat(1 << 18), usize::MAX);
    assert_eq!(filled, "b".repeat(1 << 18));
}

#[test]
fn a_short_prompt_that_asks_for_much_is_cut() {
    let text = format!("x={}", "é".repeat(30_000));
    let filled = Variables::parse(&text).fill(&"{{x}}".repeat(26_000), 100_001);
    assert_eq!(filled.len(), 100_000, "not in the middle of a letter");
}
