//! The real step 3 against a small model of the tenant, with a clock that jumps: every order of
//! what can become of a write, of reads that are old for a while, of another writer, of a signal
//! and a deadline. What may never be written the model itself refuses; after each run, what it says
//! is held against what the model knows.

mod case;
mod claims;
mod tenant;

use std::thread;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::UserListApi;
use super::append_and_update::append_and_update;
use super::history::Changed;
use super::outcome::Outcome;
use crate::atlan::{ApiToken, FreshList, Snapshot, Written};
use crate::budget::signals::Signal;
use crate::budget::{Budget, Stop};
use crate::config::{ApiTokenRef, ClientId, Job, Role};
use crate::error::{ErrorKind, Failure};
use case::{Case, FATES, Fate, OTHERS, Other, TOKEN};
use tenant::{Model, target};

/// What a case starts from.
fn start(case: &Case) -> (Model, Job, Outcome, Snapshot) {
    let model = Model::new(case.clone());
    let client_id = ClientId::parse("apikey-1").unwrap();
    let job = Job {
        target: target(case.role),
        api_token: ApiTokenRef::ClientId(client_id.clone()),
        dry_run: false,
        settle: Duration::from_millis(case.settle_ms),
        permission_patience: Duration::ZERO,
    };
    let mut outcome = Outcome::new(false);
    outcome.role = case.role;
    outcome.api_token = Some(ApiToken::unseen(&client_id));
    let found = model.snapshot(model.states.len() - 1);
    outcome.saw(&found);
    outcome.found = Some(found.clone());
    (model, job, outcome, found)
}

/// The real step 3 for the API token of [`start`].
async fn step_3(
    api: &mut impl UserListApi,
    job: &Job,
    found: Snapshot,
    outcome: &mut Outcome,
    budget: &Budget,
) -> Result<(), Failure> {
    let username = outcome.api_token.as_ref().unwrap().username.clone();
    append_and_update(api, job, &username, found, outcome, budget).await
}

/// Runs the case, and holds what is said against what is so.
async fn check(case: Case) {
    let (mut model, job, mut outcome, found) = start(&case);
    let stop = Stop::default();
    let deadline = model.started + Duration::from_millis(case.deadline_ms);
    if let Some(ms) = case.signal_after_ms {
        let stop = stop.clone();
        tokio::spawn(async move {
            sleep(Duration::from_millis(ms)).await;
            stop.ask(Signal::Terminate);
        });
    }
    let budget = Budget::new(deadline, stop);
    let ended = step_3(&mut model, &job, found, &mut outcome, &budget).await;
    outcome.failure = ended.err();
    claims::hold(&model, &outcome, Instant::now());
    // What is still under way is carried out, and must not make a lie of "nothing was changed".
    sleep(Duration::from_secs(10)).await;
    model.catch_up();
    claims::hold_later(&model, &outcome);
}

/// Up to three rounds of fates, of which the last is what decides.
fn fates() -> Vec<Vec<Fate>> {
    let mut all: Vec<Vec<Fate>> = FATES.iter().map(|fate| vec![*fate]).collect();
    all.push(vec![Fate::Undone; 6]);
    for first in FATES.into_iter().filter(|fate| !fate.never_heals()) {
        for second in FATES {
            all.push(vec![first, second]);
            if !second.never_heals() {
                let thirds = [Fate::Refused, Fate::Forbidden, Fate::LostAfter, Fate::Late(300)];
                all.extend(thirds.map(|third| vec![first, second, third]));
            }
        }
    }
    all
}

/// What surrounds the writes: when the other writer comes, a signal, the deadline, SETTLE_SECONDS,
/// and after which read nothing can be read any more.
type Around = (u64, Option<u64>, u64, u64, Option<u32>);

const AROUND: [Around; 11] = [
    (0, None, 120_000, 0, None),
    (700, None, 120_000, 0, None),
    (700, None, 120_000, 1500, None),
    (0, Some(120), 120_000, 0, None),
    (0, Some(1500), 120_000, 0, None),
    (700, Some(1500), 120_000, 3000, None),
    (700, None, 5_000, 0, None),
    (0, None, 1_500, 0, None),
    (0, None, 120_000, 0, Some(1)),
    (700, None, 120_000, 1500, Some(2)),
    (700, None, 120_000, 1500, Some(3)),
];

fn cases() -> impl Iterator<Item = Case> {
    fates().into_iter().flat_map(|fates| {
        let around = if fates.len() == 3 { &AROUND[..2] } else { &AROUND[..] };
        OTHERS.into_iter().flat_map(move |other| {
            let fates = fates.clone();
            [0, 1200, 4000].into_iter().flat_map(move |lag_ms| {
                let fates = fates.clone();
                around.iter().map(
                    move |(other_after_ms, signal_after_ms, deadline_ms, settle_ms, unreadable_from)| Case {
                        role: Role::ConnectionAdmin,
                        fates: fates.clone(),
                        lag_ms,
                        every_other: *other_after_ms > 0,
                        other,
                        other_after_ms: *other_after_ms,
                        signal_after_ms: *signal_after_ms,
                        deadline_ms: *deadline_ms,
                        settle_ms: *settle_ms,
                        unreadable_from: *unreadable_from,
                    },
                )
            })
        })
    })
}

/// The case, and the same for a collection's two lists if it is one of the shorter ones.
fn with_each_role(case: Case) -> impl Iterator<Item = Case> {
    let is_short =
        case.fates.len() == 1 || case.fates.len() == 2 && case.lag_ms == 0 && case.other != Other::Nobody;
    let others: &[Role] = if is_short { &[Role::Editor, Role::Viewer] } else { &[] };
    let others = others.iter().map({
        let case = case.clone();
        move |role| Case { role: *role, ..case.clone() }
    });
    std::iter::once(case).chain(others)
}

/// Every so many of the cases, from one on. Answers how many they were.
fn check_some(first: usize, step: usize) -> usize {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let cases = cases().flat_map(with_each_role).skip(first).step_by(step);
    cases.map(|case| runtime.block_on(check(case))).count()
}

#[test]
fn whatever_happens_around_the_write_the_outcome_is_the_truth() {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let runs: usize = thread::scope(|scope| {
        let parts: Vec<_> =
            (0..threads).map(|first| scope.spawn(move || check_some(first, threads))).collect();
        parts.into_iter().map(|part| part.join().unwrap()).sum()
    });
    println!("{runs} runs of step 3 against the model");
    assert!(runs > 10_000);
}

/// With one write, and with nobody and nothing in its way.
fn quiet(fate: Fate) -> Case {
    Case {
        role: Role::ConnectionAdmin,
        fates: vec![fate],
        lag_ms: 0,
        every_other: false,
        other: Other::Nobody,
        other_after_ms: 0,
        signal_after_ms: None,
        deadline_ms: 120_000,
        settle_ms: 0,
        unreadable_from: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ends_in_the_middle_of_its_write_leaves_the_truth_open() {
    let (mut model, job, mut outcome, found) = start(&quiet(Fate::Slow));
    let budget = Budget::new(model.started + Duration::from_secs(120), Stop::default());
    let run = step_3(&mut model, &job, found, &mut outcome, &budget);
    assert!(timeout(Duration::from_secs(1), run).await.is_err(), "it panicked, say");
    assert_eq!(outcome.history.changed(), Changed::Unknown);
}

/// Shows what was written once, and then only what was there before.
struct Relapsing {
    before: Snapshot,
    reads: u32,
}

impl UserListApi for Relapsing {
    async fn read(&mut self, _: &Budget) -> Result<Snapshot, Failure> {
        self.reads += 1;
        if self.reads > 1 {
            return Ok(self.before.clone());
        }
        let written = [self.before.users.names(), &[TOKEN.to_owned()]].concat();
        Ok(Snapshot::of(&self.before.target, &written, &[], 2))
    }

    async fn write(&mut self, _: FreshList, _: &Budget) -> Written {
        Written::Accepted
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_shown_and_is_not_shown_any_more_is_told_as_that() {
    let case = Case { settle_ms: 1000, ..quiet(Fate::Accepted) };
    let (model, job, mut outcome, before) = start(&case);
    let budget = Budget::new(model.started + Duration::from_secs(120), Stop::default());
    let mut api = Relapsing { before: before.clone(), reads: 0 };
    let failure = step_3(&mut api, &job, before, &mut outcome, &budget).await.unwrap_err();
    assert_eq!((failure.kind, outcome.history.changed()), (ErrorKind::VerificationFailed, Changed::Yes));
    assert!(failure.message.starts_with("the tenant showed the change, and then only"), "{failure}");
}
