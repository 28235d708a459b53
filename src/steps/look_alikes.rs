//! Names that look like the one that was given, or differ from it only in what is easily overlooked.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

use crate::text::{is_overlooked, quotes_removed};

/// Other spellings of `name`, each with what is different about it.
pub(super) fn look_alikes(name: &str) -> Vec<(String, &'static str)> {
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(name).into_owned();
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(name).into_owned();
    let visible: String = name.chars().filter(|c| !is_overlooked(*c)).collect();
    let with_blanks: String = name.chars().map(|c| if is_overlooked(c) { ' ' } else { c }).collect();
    let mut others = vec![
        (name.trim().to_owned(), "without the white space around it"),
        (quotes_removed(name).unwrap_or_default().to_owned(), "without the quotation marks around it"),
        (composed, "with its letters composed in another way (Unicode)"),
        (decomposed, "with its letters composed in another way (Unicode)"),
        (visible.trim().to_owned(), "without a character that can't be seen"),
        (with_blanks.trim().to_owned(), "with an ordinary blank in place of a character that can't be seen"),
    ];
    others.retain(|(other, _)| !other.is_empty() && other != name);
    others.dedup_by(|a, b| a.0 == b.0);
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_overlooked_is_left_out_and_letters_are_composed_both_ways() {
        for (name, other) in [
            (" ci-pipeline ", "ci-pipeline"),
            ("cafe\u{301}", "café"),
            ("café", "cafe\u{301}"),
            ("ci\u{ad}-pipeline", "ci-pipeline"),
            ("ci\u{200b}-pipeline", "ci-pipeline"),
            ("ci\u{a0}pipeline", "ci pipeline"),
            ("'ci-pipeline'", "ci-pipeline"),
        ] {
            assert!(look_alikes(name).iter().any(|(found, _)| found == other), "{name:?}");
        }
        assert_eq!(look_alikes("ci-pipeline"), []);
    }
}
