//! Files that are read: bounded, in whatever encoding Windows left them, and with an answer to why
//! one can't be read that says what to do.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A configuration or secret file larger than this is refused: it is some other file.
const LARGEST: u64 = 1 << 20;

/// The text of a file that an input names.
///
/// # Errors
///
/// Says what is wrong, as the rest of a sentence that starts with the input's name. The file's
/// name isn't repeated: somebody may have put a secret in its place.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let text = text_of(path)?;
    if text.trim().is_empty() { Err("names an empty file".to_owned()) } else { Ok(text) }
}

/// The same of a file that may be empty.
pub(super) fn text_of(path: &Path) -> Result<String, String> {
    File::open(path).map_err(|error| unreadable(&error)).and_then(text)
}

/// Everything that `source` holds, as text.
///
/// # Errors
///
/// Says what is wrong, as the rest of a sentence that starts with the input's name.
pub(super) fn text(source: impl Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err("names a file that is larger than 1 MiB: it must be some other file".to_owned());
    }
    decoded(bytes).ok_or_else(|| "names a file that isn't text in UTF-8 (nor in UTF-16)".to_owned())
}

/// Text in UTF-8, or in UTF-16 as PowerShell's `>` writes it, without a byte order mark.
fn decoded(bytes: Vec<u8>) -> Option<String> {
    let units = |unit: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16(&units).ok()
    };
    match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        [0xff, 0xfe, rest @ ..] => units(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => units(u16::from_be_bytes, rest),
        [_, 0, _, 0, ..] => units(u16::from_le_bytes, &bytes),
        [0, _, 0, _, ..] => units(u16::from_be_bytes, &bytes),
        _ => String::from_utf8(bytes).ok(),
    }
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => {
            "names a file that isn't there (in a container, only what is mounted is)".to_owned()
        }
        ErrorKind::IsADirectory => "names a folder: name the file in it".to_owned(),
        ErrorKind::PermissionDenied => {
            let user = user().map(|id| format!(" {id}")).unwrap_or_default();
            format!(
                "names a file that can't be read: the program runs as user{user}, who may not. Let that user read it, \
                 or, with docker run, run the program as yourself: --user \"$(id -u):$(id -g)\""
            )
        }
        _ => format!("names a file that can't be read: {error}"),
    }
}

/// The number of the user that this process runs as, where Linux tells.
fn user() -> Option<u32> {
    std::fs::metadata("/proc/self").ok().map(|process| process.uid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_in_whatever_encoding_windows_left_it() {
        let utf16 = |mark: &[u8], unit: fn(u16) -> [u8; 2]| {
            mark.iter().copied().chain("aü\n".encode_utf16().flat_map(unit)).collect::<Vec<u8>>()
        };
        for bytes in [
            "aü\n".as_bytes().to_vec(),
            "\u{feff}aü\n".into(),
            utf16(&[0xff, 0xfe], u16::to_le_bytes),
            utf16(&[0xfe, 0xff], u16::to_be_bytes),
            utf16(&[], u16::to_le_bytes),
            utf16(&[], u16::to_be_bytes),
        ] {
            assert_eq!(text(bytes.as_slice()).unwrap(), "aü\n", "{bytes:?}");
        }
        assert!(text(&b"a\xff"[..]).unwrap_err().contains("UTF-8"));
    }

    #[test]
    fn whoever_may_not_read_a_file_is_named() {
        let id = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap());
        let what = unreadable(&ErrorKind::PermissionDenied.into());
        assert!(what.contains(&format!("runs as user {id}, who may not")), "{what}");
    }

    #[test]
    fn a_file_of_more_than_a_mebibyte_is_some_other_file() {
        assert!(text(io::repeat(b'x').take(LARGEST)).is_ok());
        assert!(text(io::repeat(b'x').take(LARGEST + 1)).unwrap_err().contains("1 MiB"));
    }
}
