//! Makes an Atlan API token a connection admin, without losing any admin that is there.
//!
//! The program is a line of rooms, and data flows through them one way. `main.rs` reads the command
//! line (`cli`) and the inputs (`config`), does the three `steps` against the tenant (`atlan`, over
//! `http`), and makes a `report` and an exit code of the one [`Outcome`] that the steps filled. What
//! surrounds all of it (signals, a panic, streams that nobody reads) is in [`Process`].
//!
//! What the code assumes of Atlan is said where it is used, with its source: Atlan's developer
//! documentation, its published SDKs (`atlanhq/atlan-python`, `atlanhq/atlan-java`), the open
//! metastore (`atlanhq/atlas-metastore`), and what that metastore did when it was run.

#![forbid(unsafe_code)]

mod atlan;
mod budget;
pub mod cli;
mod config;
mod error;
mod http;
mod logging;
mod process;
mod report;
mod steps;
mod text;

pub use config::inputs;
pub use error::ErrorKind;
pub use process::Process;
pub use steps::Outcome;
