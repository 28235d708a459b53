//! How text is escaped on its way through JSON, URLs and HTML. To find a secret in whatever
//! spelling, it and the text are compared without their escapes.

use std::ops::Range;

/// Text can be escaped again and again, say JSON in JSON. More often than this, nobody reads it.
const MOST_ROUNDS: usize = 4;

/// False for text that no escape can be in.
pub fn may_be_escaped(text: &str) -> bool {
    text.contains(['%', '\\', '&'])
}

/// `text` without its escapes.
pub fn plain(text: &str) -> String {
    String::from_utf8_lossy(&Plain::of(text).bytes).into_owned()
}

/// Text without its escapes, which remembers where in the text each byte was.
pub struct Plain {
    pub bytes: Vec<u8>,
    origins: Vec<Range<usize>>,
}

impl Plain {
    /// Takes away the escapes until none is left.
    pub fn of(text: &str) -> Plain {
        let mut plain = Plain {
            bytes: text.as_bytes().to_vec(),
            origins: (0..text.len()).map(|at| at..at + 1).collect(),
        };
        for _ in 0..MOST_ROUNDS {
            let before = plain.bytes.len();
            plain = plain.once_more();
            if plain.bytes.len() == before {
                break;
            }
        }
        plain
    }

    /// Where in the original text this range of `bytes` was.
    pub fn origin(&self, range: Range<usize>) -> Range<usize> {
        self.origins[range.start].start..self.origins[range.end - 1].end
    }

    fn once_more(self) -> Plain {
        let mut plain = Plain { bytes: Vec::with_capacity(self.bytes.len()), origins: Vec::new() };
        let mut at = 0;
        while let Some(byte) = self.bytes.get(at) {
            let rest = &self.bytes[at..];
            let escape = match byte {
                b'%' => percent(rest),
                b'\\' => backslash(rest),
                b'&' => entity(rest),
                _ => None,
            };
            let mut buffer = [0; 4];
            let (length, decoded) = match escape {
                None => (1, std::slice::from_ref(byte)),
                Some((length, Decoded::Byte(byte))) => {
                    buffer[0] = byte;
                    (length, &buffer[..1])
                }
                Some((length, Decoded::Char(c))) => (length, c.encode_utf8(&mut buffer).as_bytes()),
            };
            let origin = self.origin(at..at + length);
            plain.origins.extend(decoded.iter().map(|_| origin.clone()));
            plain.bytes.extend_from_slice(decoded);
            at += length;
        }
        plain
    }
}

/// What an escape stands for.
enum Decoded {
    Byte(u8),
    Char(char),
}

type Escape = Option<(usize, Decoded)>;

/// `%2f`
fn percent(text: &[u8]) -> Escape {
    Some((3, Decoded::Byte(u8::try_from(hex(text.get(1..3)?)?).ok()?)))
}

/// `\/`, `\u002f` and the others of JSON.
fn backslash(text: &[u8]) -> Escape {
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
    fn escapes_are_taken_away_and_all_else_stays() {
        for (text, plain) in [
            ("a%2Fb%2fc%zz%4", "a/b/c%zz%4"),
            (r#"\"\/\\\u002b\ud83d\ude00\ud83d\x"#, "\"/+😀\\ud83d\\x"),
            ("&amp;&#47;&#x2F;&other;&#;&", "&//&other;&#;&"),
            ("%252F", "/"),
            ("ü%C3%BC", "üü"),
        ] {
            assert_eq!(super::plain(text), plain, "{text}");
        }
    }

    #[test]
    fn each_byte_knows_where_it_came_from() {
        let plain = Plain::of("a%252Fb");
        assert_eq!(plain.bytes, b"a/b");
        assert_eq!((plain.origin(0..1), plain.origin(1..2), plain.origin(1..3)), (0..1, 1..6, 1..7));
    }
}
