//! The list of admin users: what to write, and what reading back says about it.

use std::collections::HashSet;

/// What the list read back after a write means.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The token is there, and so is everybody who was.
    AsPlanned,
    /// The token is there, and these aren't any more, though nobody else seems to have written.
    SomebodyGone(Vec<String>),
    /// The token isn't there; somebody else wrote another list.
    Overwritten,
    /// The token isn't there, and the list is as it was before: nothing shows that there ever
    /// was a write.
    NoTrace,
}

/// `admins` in their order, with `username` at the end if it isn't among them.
pub fn with_appended<'a>(admins: &'a [String], username: &'a str) -> Vec<&'a str> {
    let mut appended = Vec::with_capacity(admins.len() + 1);
    appended.extend(admins.iter().map(String::as_str));
    if !appended.contains(&username) {
        appended.push(username);
    }
    appended
}

/// Compares the list read back (`now`) with the one that was there before the write of `username`.
pub fn verdict(before: &[String], now: &[String], username: &str) -> Verdict {
    // The usual case by far needs no sets, which would be half of the work.
    if now.split_last().is_some_and(|(last, others)| last == username && others == before) {
        return Verdict::AsPlanned;
    }
    let known: HashSet<&str> = before.iter().map(String::as_str).chain([username]).collect();
    let present: HashSet<&str> = now.iter().map(String::as_str).collect();
    let gone: Vec<String> = before.iter().filter(|name| !present.contains(name.as_str())).cloned().collect();
    // A name that neither the old list nor ours had is another writer's. If somebody is missing
    // next to it, that writer left them out: their doing, not ours.
    let has_newcomers = present.iter().any(|name| !known.contains(name));
    match (present.contains(username), gone.is_empty()) {
        (true, false) if !has_newcomers => Verdict::SomebodyGone(gone),
        (true, _) => Verdict::AsPlanned,
        (false, true) if !has_newcomers => Verdict::NoTrace,
        (false, _) => Verdict::Overwritten,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(names: &str) -> Vec<String> {
        names.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_token_is_appended_once_and_last() {
        assert_eq!(with_appended(&list("b a"), "t"), ["b", "a", "t"]);
        assert_eq!(with_appended(&list("t a"), "t"), ["t", "a"]);
        assert_eq!(with_appended(&[], "t"), ["t"]);
    }

    #[test]
    fn each_list_read_back_has_its_verdict() {
        for (before, now, expected) in [
            ("a b", "a b t", Verdict::AsPlanned),
            ("a b", "t b a", Verdict::AsPlanned),
            ("a b", "a b c t", Verdict::AsPlanned),
            ("", "t", Verdict::AsPlanned),
            ("a b", "b c t", Verdict::AsPlanned), // c's writer, who had read before a was there
            ("a b", "b t", Verdict::SomebodyGone(list("a"))),
            ("a b", "t", Verdict::SomebodyGone(list("a b"))),
            ("a b", "a b", Verdict::NoTrace),
            ("", "", Verdict::NoTrace),
            ("a b", "a b c", Verdict::Overwritten),
            ("a b", "a", Verdict::Overwritten),
        ] {
            assert_eq!(verdict(&list(before), &list(now), "t"), expected, "{before} -> {now}");
        }
    }

    proptest! {
        #[test]
        fn the_new_list_holds_the_old_one_in_order_and_the_token_once(
            admins in prop::collection::vec("[a-c]{0,2}", 0..12),
            username in "[a-c]{0,2}",
        ) {
            let appended = with_appended(&admins, &username);
            prop_assert_eq!(&appended[..admins.len()], admins.iter().collect::<Vec<_>>());
            let known = admins.iter().filter(|name| **name == username).count();
            prop_assert_eq!(appended.iter().filter(|name| **name == username).count(), known.max(1));
            let appended: Vec<String> = appended.into_iter().map(str::to_owned).collect();
            prop_assert_eq!(verdict(&admins, &appended, &username), Verdict::AsPlanned);
        }

        #[test]
        fn nobody_goes_missing_unnoticed(
            before in prop::collection::vec("[a-c]", 0..6),
            now in prop::collection::vec("[a-d]", 0..6),
        ) {
            let gone: Vec<_> = before.iter().filter(|name| !now.contains(name)).cloned().collect();
            match verdict(&before, &now, "t") {
                Verdict::NoTrace => prop_assert!(gone.is_empty()),
                verdict => prop_assert_eq!(verdict, Verdict::Overwritten),
            }
            let with_token: Vec<_> = now.iter().cloned().chain(["t".to_owned()]).collect();
            match verdict(&before, &with_token, "t") {
                Verdict::SomebodyGone(named) => prop_assert_eq!(named, gone),
                verdict => {
                    prop_assert_eq!(verdict, Verdict::AsPlanned);
                    prop_assert!(gone.is_empty() || now.iter().any(|name| !before.contains(name)));
                }
            }
        }
    }
}
