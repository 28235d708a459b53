//! The real step 3 against a small model of the tenant, with a clock that jumps: every order of
//! what can become of a write, of reads that are old for a while, of another writer, of a signal
//! and a deadline. After each run, what it says is held against what the model knows.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::append_and_update::{TIME_FOR_A_WRITE, append_and_update};
use super::outcome::{Changed, Outcome, Status};
use super::user_list::MOST_AGE;
use super::{FreshList, Trouble, UserListApi, Written, interrupted};
use crate::atlan::{ApiToken, Snapshot};
use crate::config::{ApiTokenRef, Asset, AssetKind, ClientId, Job, QualifiedName, Role};
use crate::error::{ErrorKind, Failure, Step};
use crate::http::{Budget, Over, Stop};
use crate::signals::Signal;

const TOKEN: &str = "service-account-apikey-1";

/// The asset whose list this is.
fn asset(role: Role) -> Asset {
    let (kind, name) = match role {
        Role::ConnectionAdmin => {
            (AssetKind::Connection, QualifiedName::parse("default/snowflake/1700000000"))
        }
        Role::Editor | Role::Viewer => {
            (AssetKind::Collection, QualifiedName::of_collection("default/collection/jdoe/1"))
        }
    };
    Asset { kind, qualified_name: name.unwrap() }
}

/// What becomes of one write.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Accepted,
    /// Accepted, and dropped all the same.
    Dropped,
    Refused,
    /// Refused for good.
    Forbidden,
    /// No answer, and it was never carried out.
    LostBefore,
    /// No answer, and it was carried out.
    LostAfter,
    /// No answer, and it is carried out so many milliseconds after that.
    Late(u64),
    /// Never healing nonsense for an answer; carried out.
    Nonsense,
}

const FATES: [Fate; 9] = [
    Fate::Accepted,
    Fate::Dropped,
    Fate::Refused,
    Fate::Forbidden,
    Fate::LostBefore,
    Fate::LostAfter,
    Fate::Late(300),
    Fate::Late(1500),
    Fate::Nonsense,
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Other {
    Nobody,
    Adds,
    Removes,
    AddsOurToken,
    /// Had read before our write, and writes their list after it.
    Overwrites,
}

const OTHERS: [Other; 5] =
    [Other::Nobody, Other::Adds, Other::Removes, Other::AddsOurToken, Other::Overwrites];

/// One run.
#[derive(Clone, Debug)]
struct Case {
    role: Role,
    fates: Vec<Fate>,
    /// How long after a write of ours reads show what was there before it: every read or every other.
    lag_ms: u64,
    every_other: bool,
    other: Other,
    /// How long after our first write was answered the other writer comes.
    other_after_ms: u64,
    signal_after_ms: Option<u64>,
    deadline_ms: u64,
    unreadable_from: Option<u32>,
}

struct Model {
    case: Case,
    started: Instant,
    /// The lists there were, with the time from which on.
    states: Vec<(Instant, Vec<String>)>,
    /// What will be carried out later.
    pending: Vec<(Instant, Change)>,
    writes: Vec<Sent>,
    reads: u32,
}

enum Change {
    Ours(Vec<String>),
    Other,
}

struct Sent {
    at: Instant,
    list: Vec<String>,
    fate: Fate,
}

impl Sent {
    fn is_carried_out(&self) -> bool {
        !matches!(self.fate, Fate::Dropped | Fate::Refused | Fate::Forbidden | Fate::LostBefore)
    }
}

impl Model {
    fn new(case: Case) -> Model {
        let started = Instant::now();
        let first = ["jdoe", "asmith"].map(str::to_owned).to_vec();
        Model {
            case,
            started,
            states: vec![(started, first)],
            pending: Vec::new(),
            writes: Vec::new(),
            reads: 0,
        }
    }

    /// Carries out what is due.
    fn catch_up(&mut self) {
        self.pending.sort_by_key(|(at, _)| *at);
        while self.pending.first().is_some_and(|(at, _)| *at <= Instant::now()) {
            let (at, change) = self.pending.remove(0);
            let mut list = self.now().to_vec();
            match change {
                Change::Ours(ours) => {
                    list = ours;
                    // The tenant puts a collection's creator back among its editors.
                    if self.case.role == Role::Editor && !list.iter().any(|name| name == "jdoe") {
                        list.push("jdoe".to_owned());
                    }
                }
                Change::Other => match self.case.other {
                    Other::Nobody => continue,
                    Other::Adds => list.push("dave".to_owned()),
                    Other::Removes => list.retain(|name| name != "asmith"),
                    Other::AddsOurToken if list.iter().any(|name| name == TOKEN) => continue,
                    Other::AddsOurToken => list.push(TOKEN.to_owned()),
                    Other::Overwrites => list = ["jdoe", "asmith", "dave"].map(str::to_owned).to_vec(),
                },
            }
            self.states.push((at, list));
        }
    }

    fn now(&self) -> &[String] {
        &self.states.last().unwrap().1
    }

    fn snapshot(&self, place: usize) -> Snapshot {
        let role = self.case.role;
        let editors = ["jdoe", "editor"].map(str::to_owned);
        let may_more: &[String] = if role == Role::Viewer { &editors } else { &[] };
        Snapshot::of(&asset(role), &self.states[place].1, may_more, place as i64)
    }
}

impl Model {
    /// True if the other writer came between a read of ours and the write after it, and reads are old
    /// for longer than a list must say the same: that can't be told from an overwrite.
    fn came_between(&self) -> bool {
        let Some(first) = self.writes.first() else { return false };
        let came = first.at + Duration::from_millis(100 + self.case.other_after_ms);
        self.case.lag_ms > 2000
            && self.writes.iter().any(|write| came + MOST_AGE >= write.at && came <= write.at + MOST_AGE)
    }
}

impl UserListApi for Model {
    async fn read(&mut self, budget: &Budget) -> Result<Snapshot, Failure> {
        let step = Step::AppendAndUpdate;
        match budget.limit(Duration::from_secs(30), sleep(Duration::from_millis(60))).await {
            Ok(_) => {}
            Err(Over::Stopped(signal)) => return Err(interrupted(signal, step)),
            Err(Over::Deadline) => return Err(Failure::new(ErrorKind::Unavailable, step, "no answer", "-")),
        }
        self.catch_up();
        self.reads += 1;
        if self.case.unreadable_from.is_some_and(|from| self.reads > from) {
            return Err(Failure::new(ErrorKind::Rejected, step, "unreadable", "-"));
        }
        let is_behind = !self.case.every_other || self.reads % 2 == 1;
        // A cache, as it was seen: for a while it shows what was there right before our write.
        let lag = Duration::from_millis(self.case.lag_ms);
        let now = Instant::now();
        let last_write = self.writes.last().map(|write| write.at);
        let seen_at = last_write.filter(|at| is_behind && now < *at + lag).unwrap_or(now);
        let place = self.states.iter().rposition(|(at, _)| *at <= seen_at).unwrap();
        Ok(self.snapshot(place))
    }

    async fn write(&mut self, list: FreshList, budget: &Budget) -> Written {
        assert!(Instant::now() <= list.not_after(), "an old list was written");
        let fate = *self.case.fates.get(self.writes.len()).unwrap_or(&Fate::Accepted);
        let at = Instant::now();
        assert!(
            at - self.started + TIME_FOR_A_WRITE <= Duration::from_millis(self.case.deadline_ms),
            "too late"
        );
        if let Some(signal) = self.case.signal_after_ms {
            assert!(at - self.started < Duration::from_millis(signal), "a write after the signal");
        }
        let write = Sent { at, list: list.names().to_vec(), fate };
        if write.is_carried_out() {
            let later = if let Fate::Late(ms) = fate { 1000 + ms } else { 50 };
            self.pending.push((at + Duration::from_millis(later), Change::Ours(write.list.clone())));
        }
        if self.writes.is_empty() {
            let after = Duration::from_millis(100 + self.case.other_after_ms);
            self.pending.push((at + after, Change::Other));
        }
        self.writes.push(write);
        let failure = |kind| Failure::new(kind, Step::AppendAndUpdate, "trouble", "-");
        let trouble = |kind, again| Trouble { failure: failure(kind), again };
        let again = Some(Duration::from_millis(250));
        let takes =
            Duration::from_millis(if matches!(fate, Fate::LostBefore | Fate::LostAfter | Fate::Late(_)) {
                1000
            } else {
                100
            });
        let answered = budget.limit(takes, sleep(takes)).await.is_ok();
        self.catch_up();
        match fate {
            _ if !answered => Written::Doubtful(trouble(ErrorKind::Unavailable, None)),
            Fate::Accepted | Fate::Dropped => Written::Accepted,
            Fate::Refused => Written::NotCarriedOut(trouble(ErrorKind::Unavailable, again)),
            Fate::Forbidden => Written::NotCarriedOut(trouble(ErrorKind::Forbidden, None)),
            Fate::Nonsense => Written::Doubtful(trouble(ErrorKind::UnexpectedResponse, None)),
            _ => Written::Doubtful(trouble(ErrorKind::Unavailable, again)),
        }
    }
}

/// Runs the case, and holds what is said against what is so.
async fn check(case: Case) {
    let mut model = Model::new(case.clone());
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
    let client_id = ClientId::parse("apikey-1").unwrap();
    let job = Job {
        asset: asset(case.role),
        role: case.role,
        api_token: ApiTokenRef::ClientId(client_id.clone()),
        dry_run: false,
        settle: Duration::ZERO,
        permission_patience: Duration::ZERO,
    };
    let mut outcome = Outcome::new(false);
    outcome.role = case.role;
    outcome.api_token = Some(ApiToken::unseen(&client_id));
    let found = model.snapshot(0);
    outcome.history.read(found.version, false);
    outcome.found = Some(found.clone());
    let username = client_id.username();
    let ended = append_and_update(&mut model, &job, &username, found, &mut outcome, &budget).await;
    outcome.failure = ended.err();
    let ended_at = Instant::now();
    is_true(&case, &model, &outcome);

    let over = case.signal_after_ms.map_or(case.deadline_ms, |signal| signal.min(case.deadline_ms));
    let longest = Duration::from_millis(over.max(31_500)) + Duration::from_secs(6);
    assert!(ended_at - model.started <= longest, "it took {:?}: {case:?}", ended_at - model.started);
    // What is still under way is carried out, and must not make a lie of "nothing was changed".
    sleep(Duration::from_secs(10)).await;
    model.catch_up();
    let ours = model.writes.iter().any(Sent::is_carried_out);
    let is_there = model.now().iter().any(|name| name == TOKEN);
    // Unless it is carried out, or shows, later than a write is waited for.
    let shows_late = |write: &Sent| matches!(write.fate, Fate::Late(ms) if ms + model.case.lag_ms > 2000);
    let is_known = !model.writes.iter().any(shows_late) && !model.came_between();
    if outcome.history.changed() == Changed::No && ours && is_known {
        assert!(!is_there || case.other == Other::AddsOurToken, "{outcome:?} {case:?}");
    }
}

fn is_true(case: &Case, model: &Model, outcome: &Outcome) {
    let what = || format!("{case:?}: {outcome:?}, {:?}", model.states);
    let carried_out = model.writes.iter().any(Sent::is_carried_out);
    let accepted = |fate: &Fate| matches!(fate, Fate::Accepted | Fate::Dropped);
    match (outcome.history.changed(), outcome.status()) {
        (Changed::Yes, status) => {
            assert!(carried_out || case.other == Other::AddsOurToken, "changed without a write: {}", what());
            let is_known = matches!(status, Status::Added)
                || outcome
                    .failure
                    .as_ref()
                    .is_some_and(|f| f.kind == ErrorKind::VerificationFailed || f.kind.is_by_signal());
            assert!(is_known, "{}", what());
        }
        (Changed::No, Status::AlreadyAdmin | Status::AlreadyEditor | Status::AlreadyViewer) => {
            assert_eq!(case.other, Other::AddsOurToken, "{}", what())
        }
        (Changed::No, status) => assert_eq!(status, Status::Failed, "{}", what()),
        (Changed::Unknown, status) => assert_eq!(status, Status::Failed, "{}", what()),
    }
    let writes = model.writes.len();
    let last_accepted = case.fates.iter().take(writes).any(accepted);
    if last_accepted && outcome.history.changed() == Changed::No && !model.came_between() {
        let overwritten = matches!(case.other, Other::Overwrites) || case.fates.contains(&Fate::Dropped);
        assert!(overwritten, "an accepted write is said to have changed nothing: {}", what());
    }
    if outcome.status() == Status::Added {
        assert!(model.states.iter().any(|(_, list)| list.iter().any(|name| name == TOKEN)), "{}", what());
    }
    nobody_is_lost(model, &what);
}

/// Whoever was on the list for longer than a list may be old, and wasn't taken off by the other
/// writer, is on every list that we wrote. Where reads are old, no client can promise more than that
/// it never writes from one that is older than its own last write.
fn nobody_is_lost(model: &Model, what: &dyn Fn() -> String) {
    for (place, write) in model.writes.iter().enumerate() {
        let accepted = |earlier: &&Sent| matches!(earlier.fate, Fate::Accepted | Fate::Dropped);
        let last_accepted = model.writes[..place].iter().rev().find(accepted).map(|earlier| earlier.at);
        let known_by = match model.case.lag_ms {
            0 => write.at - MOST_AGE,
            _ => last_accepted.unwrap_or(model.started),
        };
        let Some(place) = model.states.iter().rposition(|(at, _)| *at <= known_by) else { continue };
        let since: Vec<_> = model.states[place..].iter().filter(|(at, _)| *at <= write.at).collect();
        for name in model.states[place].1.iter().filter(|name| *name != TOKEN) {
            // Our own write from an old list may have put somebody back whom the other took off.
            let is_taken_off =
                model.case.other == Other::Removes && model.case.lag_ms > 0 && name == "asmith";
            let is_gone = is_taken_off || since.iter().any(|(_, list)| !list.contains(name));
            let is_kept = write.list.contains(name) || is_gone;
            assert!(is_kept, "{name} was lost by a write: {}", what());
        }
    }
}

/// Up to three rounds of fates, of which the last is what decides.
fn fates() -> Vec<Vec<Fate>> {
    let mut all: Vec<Vec<Fate>> = FATES.iter().map(|fate| vec![*fate]).collect();
    for first in FATES {
        for second in FATES {
            all.push(vec![first, second]);
            all.extend(
                [Fate::Refused, Fate::LostAfter, Fate::Late(300)].map(|third| vec![first, second, third]),
            );
        }
    }
    all
}

fn cases() -> impl Iterator<Item = Case> {
    fates().into_iter().flat_map(|fates| {
        OTHERS.into_iter().flat_map(move |other| {
            let fates = fates.clone();
            [0, 1200, 4000].into_iter().flat_map(move |lag_ms| {
                let fates = fates.clone();
                let more = [
                    (0, None, 120_000, None),
                    (700, None, 120_000, None),
                    (0, Some(120), 120_000, None),
                    (0, Some(1500), 120_000, None),
                    (700, None, 5_000, None),
                    (0, None, 120_000, Some(1)),
                ];
                more.into_iter().map(
                    move |(other_after_ms, signal_after_ms, deadline_ms, unreadable_from)| Case {
                        role: Role::ConnectionAdmin,
                        fates: fates.clone(),
                        lag_ms,
                        every_other: other_after_ms > 0,
                        other,
                        other_after_ms,
                        signal_after_ms,
                        deadline_ms,
                        unreadable_from,
                    },
                )
            })
        })
    })
}

#[test]
fn whatever_happens_around_the_write_the_outcome_is_the_truth() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let mut runs = 0;
    for case in cases() {
        runs += 1;
        runtime.block_on(check(case.clone()));
        // A collection's two lists: the same, with fewer rounds.
        if case.fates.len() == 1 || case.fates.len() == 2 && case.lag_ms == 0 {
            for role in [Role::Editor, Role::Viewer] {
                runs += 1;
                runtime.block_on(check(Case { role, ..case.clone() }));
            }
        }
    }
    println!("{runs} runs of step 3 against the model");
    assert!(runs > 10_000);
}
