//! Lines like `USER_BEARER_TOKEN=…`, of a shell, of `docker run --env-file`, or of YAML.

use super::{Pasted, Reading, Values, is_name_of_a_token};

/// The words that may stand before a name.
const BEFORE: [&str; 9] = ["export", "set", "setx", "declare", "-x", "const", "let", "var", "env"];

/// The token that one of the lines assigns to a name, if they are such lines.
pub(super) fn read(text: &str) -> Reading {
    let mut values = Values::default();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some((name, value)) = assignment(line)
            && is_name_of_a_token(name)
        {
            values.take(value);
        }
    }
    Ok(values.finish()?.map(|token| Pasted { token, form: "NAME=value lines", host: None }))
}

/// The name and the value of a line that assigns one.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let mut line = line.trim_end_matches([';', ',']);
    while let Some((_, rest)) = line.split_once(char::is_whitespace).filter(|(word, _)| BEFORE.contains(word))
    {
        line = rest.trim_start();
    }
    // `set "NAME=value"` of cmd.
    let line = line
        .strip_prefix('"')
        .and_then(|line| line.strip_suffix('"'))
        .filter(|line| !line.contains('"'))
        .unwrap_or(line);
    let line = line.trim_start_matches("$env:").trim_start_matches(['$', '"']);
    let end = line.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.'))?;
    let (name, rest) = line.split_at(end);
    let rest = rest.trim_start_matches('"').trim_start();
    let value = rest.strip_prefix('=').or_else(|| rest.strip_prefix(':'))?;
    (!name.is_empty()).then_some((name, value))
}
