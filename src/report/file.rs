//! `REPORT_FILE`. It is opened with the inputs, so that one that can't be written is known before any
//! request.

use std::fs::File;
use std::io::{self, Seek, Write};

/// Writes a line, in place of what is there. On a pipe or a terminal nothing can be taken back.
///
/// # Errors
///
/// If it can't be written any more, say because the disk is full.
pub(crate) fn write(mut file: &File, json: &str) -> io::Result<()> {
    if file.metadata()?.is_file() {
        file.set_len(0)?;
        file.rewind()?;
    }
    writeln!(file, "{json}")
}

/// Puts a line there that stays if nothing can be written any more.
///
/// # Errors
///
/// The same.
pub(crate) fn write_for_now(file: &File, json: &str) -> io::Result<()> {
    if file.metadata()?.is_file() { write(file, json) } else { Ok(()) }
}
