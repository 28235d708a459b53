//! Makes an Atlan API token a connection admin, without losing any admin that is there.
//!
//! The program is [`run::run`] between two edges: [`config`] turns what people and workflows give into
//! valid types, [`report`] and [`error`] turn what happened into one line of
//! JSON and an exit code. The job itself is three steps, in `pipeline`.
//!
//! What the code assumes of Atlan is said where it is used, with its source: Atlan's developer
//! documentation, its published SDKs (`atlanhq/atlan-python`, `atlanhq/atlan-java`), and the open
//! metastore (`atlanhq/atlas-metastore`).

#![forbid(unsafe_code)]

pub mod admins;
mod atlan;
pub mod cli;
pub mod config;
pub mod error;
/// What the fuzz targets call. Not in the library that anything else is built with.
#[cfg(fuzzing)]
pub mod fuzzing {
    pub use crate::atlan::properties::of_answers;
    pub use crate::config::properties::of_inputs;
}
mod http;
mod pipeline;
pub mod progress;
pub mod redact;
pub mod report;
pub mod report_file;
pub mod run;
pub mod signals;
pub mod telemetry;
pub mod text;

pub use atlan::{ApiToken, Connection};
pub use pipeline::{Outcome, Success};
