//! What must hold after each run: what it says, against what is so.

use std::time::Duration;

use tokio::time::Instant;

use super::super::outcome::{Outcome, Status};
use super::case::{Fate, Other, Replica, TOKEN};
use super::tenant::Model;
use crate::error::ErrorKind;

pub(super) fn hold(model: &Model, outcome: &Outcome, ended_at: Instant) {
    let what = &|| {
        format!("{:?}: {outcome:?}, {:?}, {:?}, {:?}", model.case, model.looks, model.states, model.writes)
    };
    changed_is_true(model, outcome, what);
    the_status_fits(model, outcome, what);
    nobody_is_lost(model, what);
    let elapsed = ended_at - model.started;
    the_end_is_the_right_one(model, outcome, elapsed, what);
    it_ends_in_time(model, outcome, elapsed, what);
}

type What<'a> = &'a dyn Fn() -> String;

/// `changed` once more, from the model's own record.
fn changed_is_true(model: &Model, outcome: &Outcome, what: What) {
    let changed = outcome.known.changed();
    let Some(write) = model.writes.iter().rev().find(|write| !write.is_refused()) else {
        assert_eq!(changed, Some(false), "{}", what());
        assert!(model.states.iter().all(|state| !state.is_ours), "{}", what());
        return;
    };
    let is_shown = model.looks.iter().any(|look| look.at >= write.answered_at && model.shows_token(look));
    assert_eq!(changed, if is_shown { Some(true) } else { None }, "{}", what());
    let has_ours = model.states.iter().any(|state| state.is_ours);
    assert!(
        !is_shown || has_ours || model.case.other.0.adds_our_token(),
        "changed without a write: {}",
        what()
    );
}

fn the_status_fits(model: &Model, outcome: &Outcome, what: What) {
    let was_there = model.states.iter().any(|state| state.has(TOKEN));
    match (outcome.known.changed(), outcome.status()) {
        (_, Status::Failed) => {}
        (Some(true), Status::Added) => assert!(was_there, "{}", what()),
        (Some(false), Status::AlreadyAdmin | Status::AlreadyEditor | Status::AlreadyViewer) => {
            assert!(model.case.other.0.adds_our_token(), "{}", what());
        }
        (_, status) => panic!("{status:?}: {}", what()),
    }
}

/// Whoever was on a list that was read, and wasn't taken off by somebody else since, is on every list
/// that we wrote.
fn nobody_is_lost(model: &Model, what: What) {
    for write in &model.writes {
        for look in model.looks.iter().filter(|look| look.at <= write.at) {
            let since = &model.states[look.place + 1..];
            for name in model.states[look.place].names.iter().filter(|name| *name != TOKEN) {
                let is_taken_off = since.iter().any(|state| !state.has(name));
                assert!(is_taken_off || write.list.contains(name), "{name} was lost by a write: {}", what());
            }
        }
        // What each list is made from is held when it is written, so that only one kind of loss is left:
        // of whom nobody could see.
    }
}

fn the_end_is_the_right_one(model: &Model, outcome: &Outcome, elapsed: Duration, what: What) {
    let case = &model.case;
    let kind = outcome.failure.as_ref().map(|failure| failure.kind);
    let message = outcome.failure.as_ref().map(|failure| failure.message.as_str()).unwrap_or_default();
    let changed = outcome.known.changed();
    if message.ends_with("no longer is") {
        let written = &model.writes[model.writes.len() - 1].list;
        assert!(written.iter().any(|name| !outcome.after.as_ref().unwrap().has(name)), "{}", what());
        assert_eq!((kind, changed), (Some(ErrorKind::VerificationFailed), Some(true)), "{}", what());
    }
    if message.contains("made anew") {
        assert_eq!(case.other.0, Other::MakesAnew, "{}", what());
        assert_eq!(kind, Some(ErrorKind::VerificationFailed), "{}", what());
        assert_ne!(changed, Some(false), "{}", what());
    }
    let ms = elapsed.as_millis() as u64;
    if case.signal_after_ms.is_some_and(|signal| signal < ms.min(case.deadline_ms)) {
        assert_ne!(kind, Some(ErrorKind::Unavailable), "the signal came first: {}", what());
    }
    // A refusal in the API's own words settles a write at once, whatever happens after it.
    if model.writes.first().is_some_and(|write| write.fate == Fate::Forbidden && write.was_answered) {
        assert_eq!((kind, model.looks.len()), (Some(ErrorKind::Forbidden), 1), "{}", what());
    }
    if (case.signal_after_ms, case.deadline_ms, case.unreadable_from) == (None, 120_000, None) {
        the_job_is_done(model, outcome, kind, message, what);
    }
}

/// What can succeed does, and what can't ends as it must.
fn the_job_is_done(model: &Model, outcome: &Outcome, kind: Option<ErrorKind>, message: &str, what: What) {
    let fates: Vec<_> = model.writes.iter().map(|write| write.fate).collect();
    let last = *fates.last().unwrap_or_else(|| panic!("nothing was tried: {}", what()));
    let other = model.case.other.0;
    match kind {
        None => {
            assert!(outcome.after.as_ref().unwrap().has(TOKEN), "{}", what());
            if outcome.known.changed() == Some(true) && model.case.settle_ms == 0 {
                let last = &model.states[model.looks[model.looks.len() - 1].place];
                let written_to = outcome.found.as_ref().unwrap().guid.as_deref();
                assert_eq!(written_to, Some(&*last.guid.to_string()), "made anew: {}", what());
                let written = &model.writes[model.writes.len() - 1].list;
                assert!(written.iter().all(|name| last.has(name)), "somebody is gone: {}", what());
            }
        }
        Some(ErrorKind::VerificationFailed) => {
            let is_told = message.ends_with("no longer is") || message.contains("made anew");
            assert!(is_told || last == Fate::Dropped, "{}", what());
        }
        Some(ErrorKind::Forbidden) => assert_eq!(last, Fate::Forbidden, "{}", what()),
        Some(ErrorKind::UnexpectedResponse) => {
            assert!([Fate::Nonsense, Fate::NonsenseBefore].contains(&last), "{}", what());
        }
        // Each takes a quarter of the time, and the wait for its outcome as much.
        Some(_) => assert!(fates.contains(&Fate::SilentBefore), "{}", what()),
    }
    // Where nobody takes it off again, a write that was carried out is the last.
    let is_left_alone = [Other::Nobody, Other::Adds, Other::AddsOurToken, Other::Renames].contains(&other);
    let soon = [Fate::Accepted, Fate::LostAfter, Fate::Late(300), Fate::Silent, Fate::Nonsense];
    let place = fates.iter().position(|fate| soon.contains(fate));
    if let (true, Some(place)) = (is_left_alone, place) {
        assert_eq!(place + 1, fates.len(), "written once more: {}", what());
    }
}

fn it_ends_in_time(model: &Model, outcome: &Outcome, elapsed: Duration, what: What) {
    let case = &model.case;
    let over = case.signal_after_ms.map_or(case.deadline_ms, |signal| signal.min(case.deadline_ms));
    let grace = Duration::from_secs(5);
    assert!(elapsed <= Duration::from_millis(over) + grace, "it took {elapsed:?}: {}", what());
    // What is in nobody's way takes no longer than its requests.
    let is_quick = case.fates[0] == Fate::Accepted
        && case.replicas == [Replica::NEWEST; 2]
        && [Other::Nobody, Other::Adds, Other::Renames].contains(&case.other.0)
        && (case.unreadable_from, case.read_ms) == (None, 60);
    if is_quick && outcome.status() == Status::Added {
        assert!(elapsed < Duration::from_millis(case.settle_ms + 1000), "it took {elapsed:?}: {}", what());
    }
}
