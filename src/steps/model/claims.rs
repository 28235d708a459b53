//! What must hold after each run.

use std::time::Duration;

use tokio::time::Instant;

use super::super::history::Changed;
use super::super::outcome::{Outcome, Status};
use super::case::{Case, Fate, Other, TOKEN};
use super::tenant::{Model, Sent};
use crate::atlan::MOST_AGE;
use crate::config::Role;
use crate::error::ErrorKind;

/// What is said, against what is so.
pub(super) fn hold(model: &Model, outcome: &Outcome, ended_at: Instant) {
    let what = &|| format!("{:?}: {outcome:?}, {:?}, {:?}", model.case, model.looks, model.states);
    the_status_fits(model, outcome, what);
    changed_follows_from_what_was_read(model, outcome, what);
    the_end_is_the_right_one(model, outcome, what);
    nobody_is_lost(model, what);
    it_ends_in_time(&model.case, outcome, ended_at - model.started, what);
    if is_undisturbed(&model.case) {
        the_job_is_done(model, outcome, what);
    }
}

/// What is said, against what became of it afterwards.
pub(super) fn hold_later(model: &Model, outcome: &Outcome) {
    let ours = model.writes.iter().any(Sent::is_carried_out);
    let is_there = model.now().iter().any(|name| name == TOKEN);
    // Unless it is carried out, or shows, later than a write is waited for.
    let shows_late = |write: &Sent| match write.fate {
        Fate::Late(ms) => ms + model.case.lag_ms > 2000,
        Fate::Slow => true,
        _ => false,
    };
    let is_known = !model.writes.iter().any(shows_late) && !model.came_between();
    let adds_it = model.case.other.adds_our_token();
    if outcome.history.changed() == Changed::No && ours && is_known {
        assert!(!is_there || adds_it, "{outcome:?} {:?}", model.case);
    }
}

type What<'a> = &'a dyn Fn() -> String;

fn the_status_fits(model: &Model, outcome: &Outcome, what: What) {
    let carried_out = model.writes.iter().any(Sent::is_carried_out);
    let adds_it = model.case.other.adds_our_token();
    match (outcome.history.changed(), outcome.status()) {
        (Changed::Yes, Status::Added | Status::Failed) => {
            assert!(carried_out || adds_it, "changed without a write: {}", what());
        }
        (Changed::No, Status::AlreadyAdmin | Status::AlreadyEditor | Status::AlreadyViewer) => {
            assert!(adds_it, "{}", what());
            assert!(model.writes.iter().all(|write| !write.is_doubtful()), "{}", what());
        }
        (Changed::No | Changed::Unknown, status) => assert_eq!(status, Status::Failed, "{}", what()),
        (Changed::Yes, status) => panic!("{status:?}: {}", what()),
    }
    if outcome.status() == Status::Added {
        assert!(model.states.iter().any(|(_, list)| list.iter().any(|name| name == TOKEN)), "{}", what());
    }
    if outcome.history.changed() == Changed::No && !model.came_between() {
        let accepted = model.writes.iter().any(|write| write.fate == Fate::Accepted);
        let overwritten = model.case.other == Other::Overwrites;
        assert!(!accepted || overwritten, "an accepted write is said to have changed nothing: {}", what());
    }
}

/// `changed` once more, from the model's own record: the newest read that wasn't old decides.
fn changed_follows_from_what_was_read(model: &Model, outcome: &Outcome, what: What) {
    let changed = outcome.history.changed();
    let Some(write) = model.last_told() else {
        assert_eq!(changed, Changed::No, "{}", what());
        return;
    };
    let since = model.looks.iter().filter(|look| look.at > write.answered_at);
    let mut newer = since.filter(|look| model.shows_token(look) || !model.was_seen_before(look.place, write));
    match newer.next_back() {
        None => assert_eq!(changed, Changed::Unknown, "nothing shows what came of it: {}", what()),
        Some(look) if model.shows_token(look) => assert_eq!(changed, Changed::Yes, "{}", what()),
        Some(_) => assert_ne!(changed, Changed::Yes, "{}", what()),
    }
}

fn the_end_is_the_right_one(model: &Model, outcome: &Outcome, what: What) {
    let kind = outcome.failure.as_ref().map(|failure| failure.kind);
    let wrote_asmith =
        model.writes.last().is_some_and(|write| write.list.iter().any(|name| name == "asmith"));
    let is_somebody_gone =
        kind == Some(ErrorKind::VerificationFailed) && outcome.history.changed() == Changed::Yes;
    let last = model.looks[model.looks.len() - 1];
    if is_somebody_gone && last.seen_at == last.at {
        let known = outcome.found.as_ref().unwrap().users.names();
        assert!(known.iter().any(|name| !model.now().contains(name)), "nobody is gone: {}", what());
        let was_there = |name: &str| known.iter().any(|known| known == name);
        assert!(wrote_asmith || !was_there("asmith"), "nobody is gone whom we wrote: {}", what());
        let after = outcome.after.as_ref().unwrap();
        let mut gone = known.iter().filter(|name| !after.has(name));
        let wrote_them = gone.all(|name| model.writes.last().is_some_and(|write| write.list.contains(name)));
        let hint = &outcome.failure.as_ref().unwrap().hint;
        assert_eq!(hint.contains("this program wrote them"), wrote_them, "{}", what());
        let mut others = model.now().iter().filter(|name| *name != TOKEN);
        assert!(others.all(|name| was_there(name)), "another writer left them out: {}", what());
    }
    if outcome.status() == Status::Added && model.case.settle_ms == 0 && wrote_asmith {
        let after = outcome.after.as_ref().unwrap();
        let is_gone = !after.has("asmith");
        assert!(
            !is_gone || after.has("dave") || model.case.role == Role::Viewer,
            "asmith is gone: {}",
            what()
        );
    }
    if model.case.signal_after_ms.is_some() {
        assert_ne!(kind, Some(ErrorKind::Unavailable), "the signal came first: {}", what());
    }
    // A refusal in the API's own words settles a write at once, whatever happens after it.
    if model.writes.first().is_some_and(|write| write.fate == Fate::Forbidden) {
        assert_eq!((kind, model.looks.len()), (Some(ErrorKind::Forbidden), 1), "{}", what());
    }
    // Whatever surrounds it, what was carried out soon is seen, within the grace.
    let first = model.case.fates[0];
    let is_soon = [Fate::Accepted, Fate::LostAfter, Fate::Late(300), Fate::Silent, Fate::Nonsense];
    let Case { lag_ms, settle_ms, other, unreadable_from, .. } = model.case;
    if !model.writes.is_empty()
        && is_soon.contains(&first)
        && (lag_ms, settle_ms, other, unreadable_from) == (0, 0, Other::Nobody, None)
    {
        assert_eq!((outcome.status(), model.writes.len()), (Status::Added, 1), "{}", what());
    }
}

fn it_ends_in_time(case: &Case, outcome: &Outcome, elapsed: Duration, what: What) {
    let over = case.signal_after_ms.map_or(case.deadline_ms, |signal| signal.min(case.deadline_ms));
    let grace = Duration::from_secs(5);
    assert!(elapsed <= Duration::from_millis(over) + grace, "it took {elapsed:?}: {}", what());
    let is_stale =
        outcome.failure.as_ref().is_some_and(|failure| failure.kind == ErrorKind::VerificationFailed)
            && outcome.history.changed() == Changed::Unknown;
    // Three writes, of which each may be waited for.
    let longest = Duration::from_secs(if case.fates.contains(&Fate::Silent) { 180 } else { 60 });
    assert!(!is_stale || elapsed <= longest, "it took {elapsed:?}: {}", what());
}

/// Nothing ends the run but what it finds.
fn is_undisturbed(case: &Case) -> bool {
    (case.signal_after_ms, case.deadline_ms, case.unreadable_from) == (None, 120_000, None)
}

/// What can succeed does, and what can't ends as it must.
fn the_job_is_done(model: &Model, outcome: &Outcome, what: What) {
    let kind = outcome.failure.as_ref().map(|failure| failure.kind);
    let fates: Vec<_> = model.writes.iter().map(|write| write.fate).collect();
    let Some(last) = fates.last() else { panic!("nothing was tried: {}", what()) };
    let undone = fates.iter().filter(|fate| **fate == Fate::Undone).count();
    match kind {
        None => assert!(undone < 4, "{}", what()),
        Some(ErrorKind::VerificationFailed) => {
            // Somebody who adds another in between starts the count anew.
            let most = if model.case.other == Other::Nobody { 4 } else { 5 };
            let is_dropped = fates.contains(&Fate::Dropped) || (4..=most).contains(&undone);
            // That somebody is gone is held against the truth above.
            assert!(is_dropped || outcome.history.changed() == Changed::Yes, "{}", what());
        }
        Some(_) if fates.contains(&Fate::Silent) => {} // which takes half of the time
        Some(ErrorKind::Forbidden) => assert_eq!(*last, Fate::Forbidden, "{}", what()),
        Some(ErrorKind::UnexpectedResponse) => {
            assert!([Fate::Nonsense, Fate::NonsenseBefore].contains(last), "{}", what());
        }
        Some(_) => panic!("{}", what()),
    }
    // Where nobody takes it off again, a write that was carried out is the last.
    let adds_only = [Other::Nobody, Other::Adds, Other::AddsOurToken].contains(&model.case.other);
    if adds_only && !model.came_between() {
        let place = fates.iter().position(|fate| {
            *fate == Fate::Accepted
                || model.case.lag_ms == 0 && [Fate::LostAfter, Fate::Late(300), Fate::Slow].contains(fate)
        });
        assert!(place.is_none_or(|place| place + 1 == fates.len()), "written once more: {}", what());
    }
}

/// Whoever was on the list for longer than a list may be old, and wasn't taken off by the other
/// writer, is on every list that we wrote. Where reads are old, no client can promise more than that
/// it never writes from one that is older than its own last write.
fn nobody_is_lost(model: &Model, what: What) {
    for (place, write) in model.writes.iter().enumerate() {
        let last_accepted = model.writes[..place].iter().rev().find(|earlier| earlier.fate.is_accepted());
        let known_by = match model.case.lag_ms {
            0 => write.at - MOST_AGE,
            _ => last_accepted.map_or(model.started, |earlier| earlier.at),
        };
        let Some(place) = model.states.iter().rposition(|(at, _)| *at <= known_by) else { continue };
        let since: Vec<_> = model.states[place..].iter().filter(|(at, _)| *at <= write.at).collect();
        for name in model.states[place].1.iter().filter(|name| *name != TOKEN) {
            // Our own write from an old list may have put somebody back whom the other took off.
            let takes_off = [Other::Removes, Other::Replaces, Other::PutsOurTokenInAPlace];
            let is_taken_off =
                takes_off.contains(&model.case.other) && model.case.lag_ms > 0 && name == "asmith";
            let is_gone = is_taken_off || since.iter().any(|(_, list)| !list.contains(name));
            let is_kept = write.list.contains(name) || is_gone;
            assert!(is_kept, "{name} was lost by a write: {}", what());
        }
    }
}
