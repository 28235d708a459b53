//! `REPORT_FILE`.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};

/// What the file says until the report is there, and for good if nothing can be written any more:
/// after SIGKILL, or for want of memory. 137 is what a shell shows for a process ended by SIGKILL.
const KILLED: &str = concat!(
    r#"{"status":"failed","changed":null,"dry_run":false,"error":{"kind":"interrupted","step":"configure","#,
    r#""message":"the run was killed before it could report","#,
    r#""hint":"Look at who or what killed it; for want of memory, give it more. Run again: it looks first, and is safe.","#,
    r#""retryable":true,"exit_code":137},"elapsed_ms":0}"#,
    "\n"
);

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
    pub fn create(path: &str) -> io::Result<ReportFile> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        let is_regular = file.metadata()?.is_file();
        if is_regular {
            file.write_all(KILLED.as_bytes())?;
        }
        Ok(ReportFile { file, is_regular })
    }

    /// Writes the report.
    ///
    /// # Errors
    ///
    /// If it can't be written any more, say because the disk is full.
    pub fn write(mut self, json: &str) -> io::Result<()> {
        if self.is_regular {
            self.file.set_len(0)?;
            self.file.rewind()?;
        }
        writeln!(self.file, "{json}")
    }
}
