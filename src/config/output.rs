//! Where report and log go, and what they look like. Known before anything else is checked, since
//! a complaint about that must reach them.

use std::ffi::OsString;

use crate::logging::LogSettings;
use crate::report::ReportFile;

/// Where report and log go.
#[derive(Debug, Default)]
pub struct Output {
    /// `REPORT_FILE`, open.
    pub report_file: Option<ReportFile>,
    /// `REPORT_MAX_BYTES`
    pub report_max_bytes: Option<usize>,
    /// `OUTPUT_FORMAT`, or `--json`. By default text on a terminal, and JSON elsewhere.
    pub format: Option<OutputFormat>,
    /// False if `NO_COLOR`, `CLICOLOR` or `TERM` ask for no colours.
    pub colours: bool,
    /// What to log, and where.
    pub log: LogSettings,
    /// Whether the job is a dry run, as far as that is known.
    pub dry_run: bool,
}

/// What standard output gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// The report, in one line of JSON.
    Json,
    /// A few words for a person.
    Text,
}

/// Where the report goes when the command line can't be understood, and the rest isn't read.
pub fn output_only(environment: impl Iterator<Item = (OsString, OsString)>) -> Output {
    let mut output = Output::default();
    for (name, value) in environment {
        if name == "REPORT_FILE" && !value.is_empty() {
            output.report_file = ReportFile::create(std::path::Path::new(&value)).ok();
        }
    }
    output
}
