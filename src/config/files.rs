//! Files that are read: bounded, and with an answer to why one can't be read that says what to do.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::checks::Checked;
use crate::text::quoted;

/// A configuration or secret file larger than this is refused: it is some other file.
const LARGEST: u64 = 1 << 20;

/// The text of a file that an input names, which isn't empty.
pub(super) fn read(path: &Path) -> Checked<String> {
    let text = text(File::open(path).map_err(|error| unreadable(&error, &shown(path)))?)?;
    if text.trim().is_empty() { Err("names an empty file".to_owned()) } else { Ok(text) }
}

/// Everything that `source` holds, as text.
pub(super) fn text(source: impl Read) -> Checked<String> {
    let mut bytes = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error, ""))?;
    if bytes.len() as u64 > LARGEST {
        return Err("names a file that is larger than 1 MiB: it must be some other file".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "names a file that isn't text in UTF-8".to_owned())
}

/// A path for a message. Of what doesn't look like one, nothing: somebody may have put a secret in its place.
fn shown(path: &Path) -> String {
    let path = path.to_string_lossy();
    let is_path = path.starts_with(['/', '.', '~', '$']) && path.split('/').all(|part| part.len() < 40);
    if is_path { format!(" ({})", quoted(&path)) } else { String::new() }
}

fn unreadable(error: &io::Error, path: &str) -> String {
    match error.kind() {
        ErrorKind::NotFound => {
            format!("names a file{path} that isn't there (in a container, only what is mounted is)")
        }
        ErrorKind::PermissionDenied => {
            // The number of the user that this process runs as, where Linux tells.
            let user = std::fs::metadata("/proc/self").map(|process| format!(" {}", process.uid()));
            format!(
                "names a file{path} that can't be read: the program runs as user{}, who may not. Let that user read it, or, \
                 with docker run, run the program as yourself: --user \"$(id -u):$(id -g)\"",
                user.unwrap_or_default()
            )
        }
        _ => format!("names a file{path} that can't be read: {error}"),
    }
}
