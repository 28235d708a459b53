//! The built program as a process, over real HTTP, against the stand-in tenant.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

// The job as a whole.
mod admins;
mod answers;
mod collections;
mod ends;
mod failures;
mod output;
mod pipeline;
mod readme;
mod ways_to_act;

// What people give.
mod bearer_tokens;
mod inputs;
mod wrong_inputs;

// What tenants, networks and machines do.
mod api_tokens;
mod given_out;
mod heals;
mod hostile_answers;
mod network;
mod secrets;
mod signals;
mod streams;
mod young_rights;

// What Argo and Kubernetes run.
mod package;
