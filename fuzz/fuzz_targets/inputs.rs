//! Whatever inputs are given: an environment, or the JSON of `NESTED_CONFIG`.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| api_token_connection_admin::fuzzing::of_inputs(text));
