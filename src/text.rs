//! Text that others wrote (the tenant, a person) made safe to print: bounded, and with nothing
//! in it that a terminal or a log reader would act on.

pub(crate) mod jwt;
pub(crate) mod redact;

use std::borrow::Cow;

/// Stands where the rest of a text was cut off.
pub const CUT_OFF: &str = "…";

/// True for characters that change how the text around them is shown: control characters, line
/// and paragraph separators, zero-width and bidirectional formatting characters.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// True for characters that a reader overlooks, or takes for others: white space that isn't a
/// blank, what has no width, and accents that are characters of their own.
pub fn is_overlooked(c: char) -> bool {
    is_unprintable(c)
        || c.is_whitespace() && c != ' '
        || matches!(c, '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}')
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// `text` with every unprintable character written as `\u001b`, the way JSON writes it, except
/// those that `keep` accepts. So is `#` before another or before `[`: `##[…]` and `##vso[…]` are
/// commands to a build agent that reads the log, wherever they stand in a line.
pub fn escaped(text: &str, keep: fn(char) -> bool) -> Cow<'_, str> {
    // Nearly all text is ASCII, whose bytes alone tell.
    let harmless =
        |byte: u8| matches!(byte, b' '..=b'~') && byte != b'#' || byte.is_ascii() && keep(char::from(byte));
    if text.bytes().all(harmless) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(written_out(text, |c, next| match c {
        '#' => matches!(next, Some('#' | '[')),
        _ => is_unprintable(c) && !keep(c),
    }))
}

/// `text` with each character that `must_go`, which is told the one after it too, written as `\u001b`.
fn written_out(text: &str, must_go: impl Fn(char, Option<char>) -> bool) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if must_go(c, chars.peek().copied()) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

/// `text` without the white space, the invisible characters and the one pair of quotation marks
/// around it, which come from copying, from editors, and from Docker's `--env-file`.
pub fn bare(text: &str) -> &str {
    let text = trimmed(text);
    quotes_removed(text).map_or(text, trimmed)
}

/// `text` without white space and invisible characters around it.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_unprintable(c) || c == '\u{ad}')
}

/// What stands between quotation marks of one kind, if `text` starts and ends with them.
pub fn quotes_removed(text: &str) -> Option<&str> {
    const PAIRS: [&str; 10] = ["\"\"", "''", "``", "“”", "””", "„“", "‘’", "’’", "‚‘", "«»"];
    PAIRS.iter().find_map(|pair| {
        let mut marks = pair.chars();
        text.strip_prefix(marks.next()?)?.strip_suffix(marks.next()?)
    })
}

/// `text` on one printable line of at most `most` characters; what is cut off is marked by [`CUT_OFF`].
pub fn bounded(text: &str, most: usize) -> String {
    let (start, rest) = split(text.trim(), most);
    format!("{}{rest}", escaped(start, |_| false))
}

/// `text` in quotation marks, bounded, for a message that repeats what somebody gave. The white
/// space at its ends stays, and what a reader would overlook is written as `\u00a0`: it is what one
/// looks for in a value that "does not exist".
pub fn quoted(text: &str) -> String {
    let (start, rest) = split(text, 200);
    format!("\"{}{rest}\"", written_out(start, |c, _| is_overlooked(c)))
}

/// The first `most` characters of `text`, and [`CUT_OFF`] if there are more.
fn split(text: &str, most: usize) -> (&str, &'static str) {
    match text.char_indices().nth(most) {
        Some((end, _)) => (&text[..end], CUT_OFF),
        None => (text, ""),
    }
}

/// The first `most` of `names`, quoted and joined by commas, and a count of the rest.
pub fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>, most: usize) -> String {
    joined(names.map(quoted), most)
}

/// The first `most` of `texts`, joined by commas, and a count of the rest.
pub fn joined(texts: impl ExactSizeIterator<Item = String>, most: usize) -> String {
    let rest = texts.len().saturating_sub(most);
    let shown = texts.take(most).collect::<Vec<_>>().join(", ");
    if rest == 0 { shown } else { format!("{shown} and {rest} more") }
}

/// How long ago something was, in its largest unit: `3 years ago`.
pub fn ago(time: std::time::Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(31_557_600, "year"), (86_400, "day"), (3600, "hour"), (60, "minute")];
    let seconds = time.as_secs();
    let (length, unit) = UNITS.into_iter().find(|(length, _)| seconds >= *length).unwrap_or((1, "second"));
    let count = seconds / length;
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pair_of_quotation_marks_is_taken_away() {
        for text in ["\"a", "a\"", "'a\"", "\""] {
            assert_eq!(bare(text), text);
        }
        assert_eq!((bare("\"\""), bare("„a b“"), bare("`a`")), ("", "a b", "a"));
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(bounded("ééééé", 3), "ééé…");
        assert_eq!(bounded("ééé", 3), "ééé");
    }

    #[test]
    fn a_long_list_ends_with_a_count() {
        assert_eq!(listed(["a", "b", "c"].into_iter(), 2), "\"a\", \"b\" and 1 more");
        assert_eq!(listed(["a"].into_iter(), 2), "\"a\"");
    }
}
