//! Times whole runs of the program against the stand-in tenant, in turns with what else could do
//! the same job: `cargo bench --bench whole_run`. With `-- --save` the results replace those in
//! docs/performance.md and its plot.

#![forbid(unsafe_code)]
#![allow(clippy::expect_used, reason = "a benchmark that fails must not print figures")]

mod machine;
mod measure;
mod plot;
mod scenarios;
mod subjects;
mod table;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next();
    if first.as_ref().is_some_and(|first| first == measure::LAUNCH) {
        return measure::launcher(arguments);
    }
    let flags: Vec<_> = first.into_iter().chain(arguments).collect();
    let has = |wanted: &str| flags.iter().any(|flag| flag == wanted);
    if !has("--bench") {
        // `cargo test --all-targets` comes here, and a test never times anything.
        println!("to measure: cargo bench --bench whole_run");
        return ExitCode::SUCCESS;
    }
    let scale = if has("--quick") { scenarios::Scale::QUICK } else { scenarios::Scale::FULL };
    let results = scenarios::run(subjects::build_release(), &scale);
    let text = table::markdown(&results);
    println!("{text}");
    if has("--save") {
        save(&text, &plot::svg(&results));
    }
    ExitCode::SUCCESS
}

/// Puts the results between the markers in docs/performance.md, and the plot beside it.
fn save(text: &str, svg: &str) {
    const MARKERS: [&str; 2] = ["<!-- results -->\n", "<!-- end of results -->\n"];
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let page = docs.join("performance.md");
    let old = std::fs::read_to_string(&page).expect("docs/performance.md");
    let (before, rest) = old.split_once(MARKERS[0]).expect("the first marker");
    let (_, after) = rest.split_once(MARKERS[1]).expect("the last marker");
    let new = format!("{before}{}\n{text}\n{}{after}", MARKERS[0], MARKERS[1]);
    std::fs::write(page, new).expect("docs/performance.md can be written");
    std::fs::write(docs.join("performance.svg"), svg).expect("docs/performance.svg can be written");
}
