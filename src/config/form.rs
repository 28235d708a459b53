//! What text looks like when nobody put the value in.

/// The complaint about text that [`has_template`].
pub(super) const UNRESOLVED: &str = "has an unresolved {{…}} template expression";

/// True if `text` holds a template expression that nobody replaced by its value.
pub(super) fn has_template(text: &str) -> bool {
    text.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}"))
}

/// The complaint about text that stands for a value instead of being one.
pub(super) fn unresolved(text: &str) -> Option<&'static str> {
    if has_template(text) {
        Some(UNRESOLVED)
    } else if is_variable(text) {
        Some("is the name of a variable, where its value should be: whatever set it didn't put the value in")
    } else if is_placeholder(text) {
        Some("is a placeholder, as in an example: put the value in its place")
    } else {
        None
    }
}

/// The complaint about the name of a file that only a shell understands.
pub(super) fn for_a_shell(path: &str) -> Option<&'static str> {
    path.starts_with("~/")
        .then_some("starts with ~, which only a shell understands: write the whole name of the folder")
}

/// `$NAME`, `${NAME}`, `$(NAME)`, `$env:NAME` or `%NAME%`.
fn is_variable(text: &str) -> bool {
    let is_name = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
    };
    let within = |open: &str, close: &str| text.strip_prefix(open).and_then(|text| text.strip_suffix(close));
    within("${", "}").is_some()
        || within("$(", ")").is_some()
        || within("$", "").is_some_and(is_name)
        || within("%", "%").is_some_and(is_name)
}

/// `<name>`, or nothing but dots, crosses or bullets.
fn is_placeholder(text: &str) -> bool {
    let filler = |c: char| matches!(c, 'x' | 'X' | '.' | '…' | '*' | '•' | '●');
    text.starts_with('<') && text.ends_with('>') && !text.contains(['/', ':'])
        || text.chars().count() >= 3 && text.chars().all(filler)
}

/// What a person means who switches something on or off.
pub fn switch(text: &str) -> Option<bool> {
    let is = |words: [&str; 4]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match () {
        () if is(["true", "1", "yes", "on"]) => Some(true),
        () if is(["false", "0", "no", "off"]) => Some(false),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_value_is_told_from_one() {
        for (text, words) in [
            ("{{inputs.parameters.x}}", "template"),
            ("a {{x}}", "template"),
            ("$TOKEN", "variable"),
            ("$_TOKEN", "variable"),
            ("${TOKEN:-none}", "variable"),
            ("$(TOKEN)", "variable"),
            ("$env:TOKEN", "variable"),
            ("%TOKEN%", "variable"),
            ("<token>", "placeholder"),
            ("xxxx", "placeholder"),
            ("••••••", "placeholder"),
        ] {
            assert!(unresolved(text).is_some_and(|what| what.contains(words)), "{text}");
        }
        for value in ["", "a", "$", "$5 off", "100%", "%", "ci-pipeline", "a{{b", "xx", "</html>"] {
            assert_eq!(unresolved(value), None, "{value}");
        }
    }
}
