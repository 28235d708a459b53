//! The built program as a process, over real HTTP, against the stand-in tenant.

#![forbid(unsafe_code)]

mod support;

mod exit_codes;
mod inputs;
mod output;
mod pipeline;

mod hostile_answers;
mod lost_answers;
mod many_admins;
mod other_writers;
mod secrets;
mod signals;
mod streams_and_files;
mod tls;
mod transient_faults;
