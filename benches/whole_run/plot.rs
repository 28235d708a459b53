//! The results as a picture: on the left each near run next to curl's, on the right how time
//! and memory grow with the number of admin users.

use std::fmt::Write;

use crate::measure::Spread;
use crate::scenarios::{Duel, Growth, Results};
use crate::table::median;

const OURS: &str = "#c2410c";
const PEER: &str = "#64748b";
const WIDTH: f64 = 960.0;
const BAR: f64 = 14.0;

/// The picture.
pub(crate) fn svg(results: &Results) -> String {
    let duels: Vec<&Duel> = results.near.iter().chain(&results.start_up).collect();
    let height = 90.0 + duels.len() as f64 * 58.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"#1e293b\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    text(&mut svg, 20.0, 28.0, 15, "Wall time of a whole run, ms (median; line: middle half)");
    bars(&mut svg, &duels);
    text(&mut svg, 560.0, 28.0, 15, "Growth with the number of admin users");
    curves(&mut svg, &results.growth, height);
    svg.push_str("</svg>\n");
    svg
}

fn text(svg: &mut String, x: f64, y: f64, size: u8, words: &str) {
    let _ = writeln!(svg, "<text x=\"{x:.0}\" y=\"{y:.0}\" font-size=\"{size}\">{words}</text>");
}

fn bars(svg: &mut String, duels: &[&Duel]) {
    let wall = |duel: &Duel, whose: usize| Spread::of(duel.pairs.iter().map(|pair| pair[whose].wall_ms));
    let longest = duels.iter().flat_map(|duel| [wall(duel, 0).high, wall(duel, 1).high]).fold(0.0, f64::max);
    let (left, room) = (20.0, 440.0);
    for (row, duel) in duels.iter().enumerate() {
        let top = 58.0 + row as f64 * 58.0;
        text(svg, left, top, 12, &duel.title.replace('`', ""));
        for (whose, colour) in [OURS, PEER].into_iter().enumerate() {
            let spread = wall(duel, whose);
            let y = top + 6.0 + whose as f64 * (BAR + 2.0);
            let x = |ms: f64| left + ms / longest * room;
            let middle = y + BAR / 2.0;
            let _ = writeln!(
                svg,
                "<rect x=\"{left}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>\
                 <path d=\"M{:.1} {middle:.1}H{:.1}\" stroke=\"#0f172a\" stroke-width=\"2\"/>",
                x(spread.median) - left,
                x(spread.low),
                x(spread.high),
            );
            let name = if whose == 0 { "this program" } else { duel.names[1].as_str() };
            text(svg, x(spread.high) + 6.0, y + 11.0, 11, &format!("{:.1} {name}", spread.median));
        }
    }
}

fn curves(svg: &mut String, sizes: &[Growth], height: f64) {
    let curves = [
        ("peak memory, MiB", OURS, points(sizes, |growth| median(&growth.pairs, 0, |cost| cost.peak_mib))),
        ("CPU time, ms", "#0369a1", points(sizes, |growth| median(&growth.pairs, 0, |cost| cost.cpu_ms))),
        ("the answer, MiB", PEER, points(sizes, |growth| growth.answer_bytes as f64 / 1048576.0)),
    ];
    // Both axes are logarithmic: a straight line of slope 1 is growth in proportion.
    let (left, right, top, bottom) = (610.0, 930.0, 50.0, height - 50.0);
    let x = |admins: f64| left + (admins.log10() - 1.0) / 4.0 * (right - left);
    let y = |value: f64| bottom - (value.log10() + 3.0) / 6.0 * (bottom - top);
    for power in -3..=3 {
        let value = 10f64.powi(power);
        let _ = writeln!(svg, "<path d=\"M{left} {0:.1}H{right}\" stroke=\"#e2e8f0\"/>", y(value));
        text(svg, left - 42.0, y(value) + 4.0, 11, &value.to_string());
    }
    for size in sizes {
        text(svg, x(size.admins as f64) - 14.0, bottom + 18.0, 11, &size.admins.to_string());
    }
    for (row, (name, colour, points)) in curves.iter().enumerate() {
        let path: Vec<String> = points.iter().map(|(a, v)| format!("{:.1},{:.1}", x(*a), y(*v))).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join(" ")
        );
        let place = 580.0 + row as f64 * 125.0;
        let _ = writeln!(
            svg,
            "<rect x=\"{place}\" y=\"{:.1}\" width=\"10\" height=\"10\" fill=\"{colour}\"/>",
            bottom + 29.0
        );
        text(svg, place + 14.0, bottom + 38.0, 11, name);
    }
}

fn points(sizes: &[Growth], of: impl Fn(&Growth) -> f64) -> Vec<(f64, f64)> {
    sizes.iter().map(|growth| (growth.admins as f64, of(growth))).collect()
}
