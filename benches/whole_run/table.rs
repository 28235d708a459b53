//! The results as Markdown.

use std::fmt::Write;

use crate::machine;
use crate::measure::{Cost, Spread};
use crate::scenarios::{Duel, FAR, Growth, Results};

const KIB: f64 = 1024.0;
const MIB: f64 = KIB * KIB;

/// The whole text.
pub(crate) fn markdown(results: &Results) -> String {
    let mut text = format!("Measured {}.\n\n{}", machine::described(), goals(results));
    for (heading, duels) in [
        ("Near: loopback", &results.near[..]),
        (&format!("Far: each answer {} ms later", FAR.as_millis()), &results.far),
        ("Start-up alone, next to `curl --version`", &results.start_up),
        ("The Python SDK (pyatlan) instead of curl", results.python.as_slice()),
    ] {
        if !duels.is_empty() {
            let _ = write!(text, "\n### {heading}\n\n{DUELS}");
            text.extend(duels.iter().map(duel));
        }
    }
    text + "\n### Growth\n\n" + &growth(&results.growth)
}

/// The median ratio of the program to its peer, pair by pair.
pub(crate) fn ratio(duel: &Duel, of: fn(&Cost) -> f64) -> Spread {
    Spread::of(duel.pairs.iter().map(|[ours, peer]| of(ours) / of(peer)))
}

/// The median of one program's runs: 0 for the program's own, 1 for the peer's.
pub(crate) fn median(pairs: &[[Cost; 2]], whose: usize, of: fn(&Cost) -> f64) -> f64 {
    Spread::of(pairs.iter().map(|pair| of(&pair[whose]))).median
}

fn goals(results: &Results) -> String {
    let mut text = String::from("| goal | measured | met |\n| --- | --- | --- |\n");
    let mut row = |goal: &str, measured: String, met: bool| {
        let _ = writeln!(text, "| {goal} | {measured} | {} |", if met { "yes" } else { "**no**" });
    };
    for duel in &results.near {
        let wall = ratio(duel, |cost| cost.wall_ms).median;
        row(
            &format!("{}: no slower than curl", duel.title),
            format!("{wall:.2} of curl's time"),
            wall <= 1.0,
        );
    }
    for duel in &results.far {
        let extra = median(&duel.pairs, 0, |cost| cost.wall_ms) - 4.0 * FAR.as_secs_f64() * 1e3;
        row(
            &format!("{}: four answers and at most 25 ms", duel.title),
            format!("four answers and {extra:.1} ms"),
            extra <= 25.0,
        );
    }
    let runs = || results.near.iter().chain(&results.far).flat_map(|duel| &duel.pairs).map(|[ours, _]| ours);
    let most = |of: fn(&Cost) -> usize| runs().map(of).max().unwrap_or(0);
    let (requests, connections) = (most(|cost| cost.requests), most(|cost| cost.connections));
    row(
        "four requests on one connection",
        format!("{requests} requests, {connections} connections"),
        (requests, connections) == (4, 1),
    );
    let peak = runs().map(|cost| cost.peak_mib).fold(0.0, f64::max);
    row("peak memory of any run at most 12 MiB", format!("{peak:.1} MiB"), peak <= 12.0);
    if let [few, .., many] = &results.growth[..] {
        let peak = |growth: &Growth| median(&growth.pairs, 0, |cost| cost.peak_mib);
        let times = (peak(many) - peak(few)) / (many.answer_bytes as f64 / MIB);
        row(
            &format!("{} admins cost a small multiple (at most 10) of the answer's size", many.admins),
            format!("{:.1} MiB, of which the admins {times:.1} times the answer", peak(many)),
            times <= 10.0,
        );
    }
    let binary = results.binary_bytes as f64 / MIB;
    row("binary at most 5 MiB", format!("{binary:.2} MiB"), binary <= 5.0);
    text
}

const DUELS: &str = "| run | program | wall, ms (middle half) | CPU, ms | peak, MiB | requests | connections |\n\
                     | --- | --- | --- | --- | --- | --- | --- |\n";

fn duel(duel: &Duel) -> String {
    let mut text = String::new();
    for (whose, name) in duel.names.iter().enumerate() {
        let pairs = &duel.pairs;
        let wall = Spread::of(pairs.iter().map(|pair| pair[whose].wall_ms));
        let last = pairs.last().map_or([0, 0], |pair| [pair[whose].requests, pair[whose].connections]);
        let _ = writeln!(
            text,
            "| {} | {name} | {:.2} ({:.2}–{:.2}) | {:.2} | {:.1} | {} | {} |",
            if whose == 0 { &duel.title } else { "" },
            wall.median,
            wall.low,
            wall.high,
            median(pairs, whose, |cost| cost.cpu_ms),
            median(pairs, whose, |cost| cost.peak_mib),
            last[0],
            last[1],
        );
    }
    let wall = ratio(duel, |cost| cost.wall_ms);
    let _ = writeln!(
        text,
        "| | **ratio**, {} pairs | **{:.3}** ({:.3}–{:.3}) | {:.3} | {:.3} | | |",
        duel.pairs.len(),
        wall.median,
        wall.low,
        wall.high,
        ratio(duel, |cost| cost.cpu_ms).median,
        ratio(duel, |cost| cost.peak_mib).median,
    );
    text
}

fn growth(sizes: &[Growth]) -> String {
    let mut text = String::from(
        "| admin users | answer, KiB | wall, ms | CPU, ms | peak, MiB | curl: wall, ms | curl: peak, MiB |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for size in sizes {
        let of = |whose, of| median(&size.pairs, whose, of);
        let _ = writeln!(
            text,
            "| {} | {:.1} | {:.2} | {:.2} | {:.1} | {:.2} | {:.1} |",
            size.admins,
            size.answer_bytes as f64 / KIB,
            of(0, |cost| cost.wall_ms),
            of(0, |cost| cost.cpu_ms),
            of(0, |cost| cost.peak_mib),
            of(1, |cost| cost.wall_ms),
            of(1, |cost| cost.peak_mib),
        );
    }
    if let [first, .., last] = sizes {
        let more = (last.admins - first.admins) as f64;
        let slope = |of: fn(&Cost) -> f64| (median(&last.pairs, 0, of) - median(&first.pairs, 0, of)) / more;
        let _ = writeln!(
            text,
            "\nThe slope, an admin user: {:.0} bytes of answer, {:.0} bytes of peak memory, {:.2} µs of CPU, {:.2} µs of \
             wall time (most of it the stand-in's own).",
            (last.answer_bytes - first.answer_bytes) as f64 / more,
            slope(|cost| cost.peak_mib) * MIB,
            slope(|cost| cost.cpu_ms) * 1e3,
            slope(|cost| cost.wall_ms) * 1e3,
        );
    }
    text
}
