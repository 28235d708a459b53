//! `REPORT_FILE`.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::Path;

/// The file that gets the report, open for writing.
#[derive(Debug)]
pub struct ReportFile {
    file: File,
    /// False for a pipe or a terminal, on which nothing can be taken back.
    is_regular: bool,
}

impl ReportFile {
    /// Opens the file, and empties it.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub(crate) fn create(path: &Path) -> io::Result<ReportFile> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        let is_regular = file.metadata()?.is_file();
        Ok(ReportFile { file, is_regular })
    }

    /// Puts a line there that stays if nothing can be written any more.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub(crate) fn put_for_now(&mut self, json: &str) -> io::Result<()> {
        if self.is_regular { writeln!(self.file, "{json}") } else { Ok(()) }
    }

    /// Writes the report, in place of what is there.
    ///
    /// # Errors
    ///
    /// If it can't be written any more, say because the disk is full.
    pub(crate) fn write(mut self, json: &str) -> io::Result<()> {
        if self.is_regular {
            self.file.set_len(0)?;
            self.file.rewind()?;
        }
        writeln!(self.file, "{json}")
    }
}
