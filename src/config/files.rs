//! Files that are read: bounded, and with an answer to why one can't be read that says what to do.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::checks::Checked;

/// A configuration or secret file larger than this is refused: it is some other file.
const LARGEST: u64 = 1 << 20;

/// The text of a file that an input names, which isn't empty. Its name isn't repeated: somebody may have
/// put a secret in its place.
pub(super) fn read(path: &Path) -> Checked<String> {
    let text = text(File::open(path).map_err(unreadable)?)?;
    if text.trim().is_empty() { Err("names an empty file".to_owned()) } else { Ok(text) }
}

/// Everything that `source` holds, as text.
pub(super) fn text(source: impl Read) -> Checked<String> {
    let mut bytes = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err("names a file that is larger than 1 MiB: it must be some other file".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "names a file that isn't text in UTF-8".to_owned())
}

fn unreadable(error: io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => {
            "names a file that isn't there (in a container, only what is mounted is)".into()
        }
        ErrorKind::PermissionDenied => {
            // The number of the user that this process runs as, where Linux tells.
            let user = std::fs::metadata("/proc/self").map(|process| format!(" {}", process.uid()));
            format!(
                "names a file that can't be read: the program runs as user{}, who may not. Let that user read it, or, \
                 with docker run, run the program as yourself: --user \"$(id -u):$(id -g)\"",
                user.unwrap_or_default()
            )
        }
        _ => format!("names a file that can't be read: {error}"),
    }
}
