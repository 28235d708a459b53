//! Names that are nearly ours. A `dry_run` in the environment that nobody reads would let the run
//! write.

use super::inputs::{self, Input};

/// Inputs that shape no more than what is shown. Their near misses are other programs' variables
/// just as often (`LOGLEVEL`, `log_level`), and do no harm.
const HARMLESS: [Input; 5] =
    [inputs::LOG_LEVEL, inputs::RUST_LOG, inputs::LOG_FORMAT, inputs::LOG_FILE, inputs::OUTPUT_FORMAT];

/// A name that is nearly an input's.
pub(super) struct NearMiss<'a> {
    /// The name that was given.
    pub(super) name: &'a str,
    /// The input that is probably meant.
    pub(super) meant: Input,
}

impl NearMiss<'_> {
    /// True if nothing is lost when it is ignored.
    pub(super) fn is_harmless(&self) -> bool {
        HARMLESS.contains(&self.meant)
    }
}

/// The near misses among `names`.
pub(super) fn near_misses<'a>(names: impl Iterator<Item = &'a str>) -> Vec<NearMiss<'a>> {
    names.filter_map(|name| Some(NearMiss { name, meant: meant_by(name)? })).collect()
}

/// The input that `name` nearly names, without being any input's name.
pub(super) fn meant_by(name: &str) -> Option<Input> {
    if inputs::ALL.iter().any(|input| input.name == name) {
        return None;
    }
    inputs::ALL.iter().copied().find(|input| is_almost(name, input.name))
}

/// True if both are the same but for case and hyphens, or but for one letter too many, too few, or
/// two that are swapped.
pub fn is_almost(name: &str, known: &str) -> bool {
    // What is much longer isn't near: this keeps the comparison cheap.
    if name.len() > 2 * known.len() {
        return false;
    }
    let [name, known] = [name, known].map(|name| -> Vec<char> {
        name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
    });
    name == known || has_one_more(&name, &known) || has_one_more(&known, &name) || is_swapped(&name, &known)
}

/// True if `long` is `short` with one letter more.
fn has_one_more(long: &[char], short: &[char]) -> bool {
    long.len() == short.len() + 1 && {
        let same = long.iter().zip(short).take_while(|(a, b)| a == b).count();
        long[same].is_alphabetic() && long[same + 1..] == short[same..]
    }
}

/// True if two letters that stand side by side are swapped.
fn is_swapped(name: &[char], known: &[char]) -> bool {
    let same = name.iter().zip(known).take_while(|(a, b)| a == b).count();
    match (&name[same..], &known[same..]) {
        ([a, b, rest @ ..], [c, d, others @ ..]) => a == d && b == c && rest == others,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        for (name, meant) in [
            ("dry_run", inputs::DRY_RUN),
            ("DRYRUN", inputs::DRY_RUN),
            ("DRY-RUN", inputs::DRY_RUN),
            ("dryRun", inputs::DRY_RUN),
            ("DRY_RUNN", inputs::DRY_RUN),
            ("DYR_RUN", inputs::DRY_RUN),
            ("CONNECTION_QUALIFED_NAME", inputs::CONNECTION_QUALIFIED_NAME),
            ("CONNECTION_QUALIFEID_NAME", inputs::CONNECTION_QUALIFIED_NAME),
            ("api-token-name", inputs::API_TOKEN_NAME),
            ("ATLAN_BASEURL", inputs::ATLAN_BASE_URL),
            ("ATLAN_BASE_URLS", inputs::ATLAN_BASE_URL),
            ("LOGLEVEL", inputs::LOG_LEVEL),
        ] {
            assert!(meant_by(name) == Some(meant), "{name}");
        }
    }

    #[test]
    fn other_programs_variables_pass() {
        for name in [
            "CLIENT_ID_PORT",
            "LOG_LEVEL_2",
            "LOG_LEVEL2",
            "CLIENT_IP",
            "DRX_RUN",
            "DRRX_UN",
            "LOG_LAVEL",
            "CLIENT",
            "PATH",
            "",
            "DRY_RUN",
            "X_ATLAN_AGENT_ID",
            "CLIENT_ID_FILE",
            "API_TOKEN",
            "ATLAN_URL",
            "RUST_LOG_STYLE",
        ] {
            assert!(meant_by(name).is_none(), "{name}");
        }
    }

    #[test]
    fn no_input_is_nearly_another() {
        for input in inputs::ALL {
            let near = inputs::ALL.iter().filter(|other| is_almost(input.name, other.name)).count();
            assert_eq!(near, 1, "{}", input.name);
        }
    }
}
