//! The built program as a process, over real HTTP, against the stand-in tenant.

#![forbid(unsafe_code)]

mod support;

mod exit_codes;
mod inputs;
mod output;
mod pipeline;
