//! Whatever a tenant answers.

#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| api_token_connection_admin::fuzzing::of_answers(body));
