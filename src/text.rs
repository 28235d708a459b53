//! Text that others wrote (the tenant, a person) made safe to print: bounded, and with nothing
//! in it that a terminal or a log reader would act on.

use std::borrow::Cow;

/// Stands where the rest of a text was cut off.
pub const CUT_OFF: char = '…';

/// True for characters that change how the text around them is shown: control characters, line
/// and paragraph separators, zero-width and bidirectional formatting characters.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `text` with every unprintable character written as `\u001b`, the way JSON writes it, except
/// those that `keep` accepts.
pub fn escaped(text: &str, keep: fn(char) -> bool) -> Cow<'_, str> {
    // Nearly all text is ASCII, whose bytes alone tell.
    let harmless = |byte: u8| matches!(byte, b' '..=b'~') || byte.is_ascii() && keep(char::from(byte));
    if text.bytes().all(harmless) {
        return Cow::Borrowed(text);
    }
    let must_go = |c| is_unprintable(c) && !keep(c);
    if !text.contains(must_go) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if must_go(c) {
            safe.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// `text` on one printable line of at most `most` characters; what is cut off is marked by [`CUT_OFF`].
pub fn bounded(text: &str, most: usize) -> String {
    cut(text.trim(), most)
}

/// `text` in quotation marks, bounded, for a message that repeats what somebody gave. The white
/// space at its ends stays: it is what a reader looks for in a value that "does not exist".
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", cut(text, 200))
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}{CUT_OFF}", escaped(&text[..end], |_| false)),
        None => escaped(text, |_| false).into_owned(),
    }
}

/// The first `most` of `names`, quoted and joined by commas, and a count of the rest.
pub fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>, most: usize) -> String {
    let rest = names.len().saturating_sub(most);
    let shown = names.take(most).map(quoted).collect::<Vec<_>>().join(", ");
    if rest == 0 { shown } else { format!("{shown} and {rest} more") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_cannot_reach_a_terminal() {
        assert_eq!(bounded("a\u{1b}[2Jb\u{9b}1m\u{202e}c\n", 50), "a\\u001b[2Jb\\u009b1m\\u202ec");
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
