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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::output_only;
    use crate::text::redact::Redactor;

    #[test]
    fn who_opens_it_late_and_writes_nothing_takes_nothing_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report");
        let open = || {
            let environment = [("REPORT_FILE".into(), path.clone().into())];
            output_only(environment.into_iter(), &Redactor::default()).report_file.unwrap()
        };
        let is = |text: &str| assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        write_for_now(&open(), "a line that is longer than the next").unwrap();
        write(&open(), "the report").unwrap();
        drop(open());
        is("the report\n");
        write_for_now(&open(), "next").unwrap();
        is("next\n");
    }
}
