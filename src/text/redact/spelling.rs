//! How text is escaped on its way through JSON, URLs, forms and HTML. To find a secret in whatever
//! spelling, the text is looked at without one kind of escapes after another.

use std::ops::Range;

/// Text can be escaped again and again, say JSON in a form in JSON. More often than this, nobody
/// reads it.
const MOST_LAYERS: usize = 3;

/// Text without some of its escapes, which remembers where in the text each byte was.
pub struct Plain {
    pub bytes: Vec<u8>,
    origins: Vec<Range<usize>>,
}

impl Plain {
    /// Calls `look` with the text as it stands, and without its escapes in every order of layers.
    pub fn each_of(text: &str, look: &mut impl FnMut(&Plain)) {
        let origins = (0..text.len()).map(|at| at..at + 1).collect();
        Plain { bytes: text.as_bytes().to_vec(), origins }.peel(MOST_LAYERS, look);
    }

    fn peel(&self, layers: usize, look: &mut impl FnMut(&Plain)) {
        look(self);
        if layers > 0 {
            let inner = [percent, form, backslash, entity].iter().filter_map(|kind| self.without(*kind));
            inner.for_each(|inner| inner.peel(layers - 1, look));
        }
    }

    /// Where in the original text this range of `bytes` was.
    pub fn origin(&self, range: Range<usize>) -> Range<usize> {
        self.origins[range.start].start..self.origins[range.end - 1].end
    }

    /// The text without escapes of one kind, if it has any.
    fn without(&self, kind: fn(&[u8]) -> Escape) -> Option<Plain> {
        let mut plain = Plain { bytes: Vec::new(), origins: Vec::new() };
        let mut is_escaped = false;
        let mut at = 0;
        while at < self.bytes.len() {
            let mut buffer = [0; 4];
            let (length, decoded) = match kind(&self.bytes[at..]) {
                None => (1, &self.bytes[at..=at]),
                Some((length, decoded)) => {
                    is_escaped = true;
                    (length, decoded.bytes(&mut buffer))
                }
            };
            let origin = self.origin(at..at + length);
            plain.origins.extend(decoded.iter().map(|_| origin.clone()));
            plain.bytes.extend_from_slice(decoded);
            at += length;
        }
        is_escaped.then_some(plain)
    }
}

/// `text` without the escapes of JSON.
pub fn without_backslashes(text: &str) -> String {
    without(text, backslash)
}

/// `text` without the escapes of URLs.
pub fn without_percents(text: &str) -> String {
    without(text, percent)
}

fn without(text: &str, kind: fn(&[u8]) -> Escape) -> String {
    let plain = Plain { bytes: text.into(), origins: vec![0..0; text.len()] }.without(kind);
    plain.map_or_else(|| text.to_owned(), |plain| String::from_utf8_lossy(&plain.bytes).into_owned())
}

/// What an escape stands for.
enum Decoded {
    Byte(u8),
    Char(char),
}

impl Decoded {
    fn bytes(self, buffer: &mut [u8; 4]) -> &[u8] {
        match self {
            Decoded::Byte(byte) => {
                buffer[0] = byte;
                &buffer[..1]
            }
            Decoded::Char(c) => c.encode_utf8(buffer).as_bytes(),
        }
    }
}

type Escape = Option<(usize, Decoded)>;

/// `%2f`
fn percent(text: &[u8]) -> Escape {
    let digits = text.strip_prefix(b"%")?.get(..2)?;
    Some((3, Decoded::Byte(u8::try_from(hex(digits)?).ok()?)))
}

/// The same of a form, in which a `+` is a blank.
fn form(text: &[u8]) -> Escape {
    if text.starts_with(b"+") { Some((1, Decoded::Byte(b' '))) } else { percent(text) }
}

/// `\/`, `\u002f` and the others of JSON.
fn backslash(text: &[u8]) -> Escape {
    if !text.starts_with(b"\\") {
        return None;
    }
    let c = match text.get(1)? {
        b'u' => return utf16(text),
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        other if other.is_ascii_punctuation() => char::from(*other),
        _ => return None,
    };
    Some((2, Decoded::Char(c)))
}

/// `\u002f`, or two of them for a character beyond the first 65,536.
fn utf16(text: &[u8]) -> Escape {
    let unit = |at: usize| {
        let escape = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::try_from(hex(escape)?).ok()
    };
    let first = unit(0)?;
    match char::from_u32(first.into()) {
        Some(c) => Some((6, Decoded::Char(c))),
        None => {
            let c = char::decode_utf16([first, unit(6)?]).next()?.ok()?;
            Some((12, Decoded::Char(c)))
        }
    }
}

/// `&amp;`, `&#47;` and `&#x2f;`, and those of the others that stand for ASCII.
fn entity(text: &[u8]) -> Escape {
    if !text.starts_with(b"&") {
        return None;
    }
    const NAMED: [(&str, char); 6] =
        [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\''), ("nbsp", ' ')];
    let end = text.iter().take(12).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(text.get(1..end)?).ok()?;
    let number = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => hex(digits.as_bytes()),
            None => number.parse().ok(),
        }
        .and_then(char::from_u32),
        None => NAMED.iter().find(|(known, _)| *known == name).map(|(_, c)| *c),
    };
    Some((end + 1, Decoded::Char(number?)))
}

fn hex(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_escape_is_taken_away_and_all_else_stays() {
        type Kind = fn(&[u8]) -> Escape;
        for (kind, text, plain) in [
            (percent as Kind, "a%2Fb%2fc%zz%4+", "a/b/c%zz%4+"),
            (percent, "ü%C3%BC%", "üü%"),
            (form, "a+%2B", "a +"),
            (backslash, r#"\"\/\\\u002b\ud83d\ude00\ud83d\x"#, "\"/\\+😀\\ud83d\\x"),
            (backslash, r"\n\r\t\b\f", "\n\r\t\u{8}\u{c}"),
            (entity, "&amp;&#47;&#x2F;&other;&#;&", "&//&other;&#;&"),
        ] {
            let whole = Plain { bytes: text.into(), origins: vec![0..0; text.len()] };
            let found = whole.without(kind).unwrap();
            assert_eq!(String::from_utf8(found.bytes).unwrap(), plain, "{text}");
        }
    }

    #[test]
    fn each_byte_knows_where_it_came_from() {
        let mut seen = Vec::new();
        Plain::each_of("a%252Fb", &mut |plain| {
            if plain.bytes == b"a/b" {
                seen.push((plain.origin(0..1), plain.origin(1..2), plain.origin(1..3)));
            }
        });
        assert!(!seen.is_empty() && seen.iter().all(|places| *places == (0..1, 1..6, 1..7)), "{seen:?}");
    }
}
