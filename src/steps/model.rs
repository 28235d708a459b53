//! The real step 3 against a small model of the tenant, with a clock that jumps: whatever becomes of
//! a write, reads that are up to nine seconds old, caches, another writer, an asset that is made
//! anew, a signal, a deadline. What may never be written the model itself refuses; after each run,
//! what it says is held against what the model knows.

mod case;
mod claims;
mod tenant;

use std::thread;
use std::time::Duration;

use tokio::time::{Instant, advance, sleep_until, timeout};

use super::UserListApi;
use super::append_and_update::append_and_update;
use super::known::{Known, OLDEST_READ, Worth};
use super::outcome::Outcome;
use crate::atlan::{ApiToken, FreshList, Snapshot, Written};
use crate::budget::signals::Signal;
use crate::budget::{Budget, Stop};
use crate::config::{ApiTokenRef, ClientId, Job, Role};
use crate::error::{ErrorKind, Failure};
use case::{Case, Fate, TOKEN};
use tenant::{Model, target};

/// How many runs; which is a matter of time.
const RUNS: u64 = 80_000;

/// What a case starts from: step 2 has been.
async fn start(case: Case) -> (Model, Job, Outcome, Snapshot) {
    let role = case.role;
    let mut model = Model::new(case);
    advance(model.started - Instant::now()).await;
    let client_id = ClientId::parse("apikey-1").unwrap();
    let job = Job {
        target: target(role),
        api_token: ApiTokenRef::ClientId(client_id.clone()),
        dry_run: false,
        check: false,
        settle: Duration::from_millis(model.case.settle_ms),
        permission_patience: Duration::ZERO,
    };
    let api_token = Some(ApiToken::unseen(&client_id));
    let mut outcome = Outcome { role, api_token, ..Outcome::default() };
    let found = model.look();
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
    let (mut model, job, mut outcome, found) = start(case).await;
    let stop = Stop::default();
    if let Some(ms) = model.case.signal_after_ms {
        let (stop, at) = (stop.clone(), model.started + Duration::from_millis(ms));
        tokio::spawn(async move {
            sleep_until(at).await;
            stop.ask(Signal::Terminate);
        });
    }
    let budget = Budget::new(model.started + Duration::from_millis(model.case.deadline_ms), stop);
    let ended = step_3(&mut model, &job, found, &mut outcome, &budget).await;
    outcome.failure = ended.err();
    claims::hold(&model, &outcome, Instant::now());
}

/// Runs them on a clock that jumps, on all processors. A failure shows which case it was.
fn check_all(numbers: std::ops::Range<u64>) {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for first in 0..threads {
            let numbers = numbers.clone().skip(first).step_by(threads);
            scope.spawn(move || {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = runtime.enable_time().start_paused(true).build().unwrap();
                numbers.for_each(|number| runtime.block_on(check(Case::numbered(number))));
            });
        }
    });
}

#[test]
fn whatever_happens_around_the_write_the_outcome_is_the_truth() {
    check_all(0..RUNS);
    println!("{RUNS} runs of step 3 against the model");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ends_in_the_middle_of_its_write_leaves_the_truth_open() {
    let (mut model, job, mut outcome, found) = start(Case::quiet(Fate::Slow)).await;
    let budget = Budget::new(model.started + Duration::from_secs(120), Stop::default());
    let run = step_3(&mut model, &job, found, &mut outcome, &budget);
    assert!(timeout(Duration::from_secs(1), run).await.is_err(), "it panicked, say");
    assert_eq!(outcome.known.changed(), None);
}

/// Shows what was written once, and then only what was there before.
struct Relapsing {
    before: Snapshot,
    reads: u32,
}

impl UserListApi for Relapsing {
    async fn read(&mut self, _: &Budget) -> Result<Snapshot, Failure> {
        self.reads += 1;
        let now = Instant::now();
        if self.reads > 1 {
            return Ok(Snapshot { asked_at: now, read_at: now, ..self.before.clone() });
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
    let case = Case { settle_ms: 1000, ..Case::quiet(Fate::Accepted) };
    let (model, job, mut outcome, before) = start(case).await;
    let budget = Budget::new(model.started + Duration::from_secs(120), Stop::default());
    let mut api = Relapsing { before: before.clone(), reads: 0 };
    let failure = step_3(&mut api, &job, before, &mut outcome, &budget).await.unwrap_err();
    assert_eq!((failure.kind, outcome.known.changed()), (ErrorKind::VerificationFailed, Some(true)));
    assert!(failure.message.starts_with("the tenant showed the change, and then only"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_has_the_token_may_be_from_before_it_was_taken_off() {
    let mut known = Known::default();
    let at = |updated| Snapshot::of(&target(Role::ConnectionAdmin), &[], &[], updated);
    assert_eq!(known.read(&at(1), true), Worth::There);
    advance(Duration::from_secs(1)).await;
    known.read(&at(2), false);
    known.end_write(Instant::now(), &Written::Accepted);
    assert_eq!(known.read(&at(1), true), Worth::MayBeOld(Instant::now() + OLDEST_READ));
    assert_eq!(known.changed(), None);
    advance(OLDEST_READ).await;
    assert_eq!(known.read(&at(1), true), Worth::There);
}
