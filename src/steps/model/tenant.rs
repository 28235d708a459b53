//! A small model of the tenant: one list and its earlier states, two replicas that may be behind, and
//! somebody else who writes. What may never be written it refuses itself.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::UserListApi;
use super::super::append_and_update::TIME_FOR_A_WRITE;
use super::case::{Case, Fate, Other, TOKEN};
use crate::atlan::{FreshList, Snapshot, Trouble, Written};
use crate::budget::{Budget, Over};
use crate::config::{QualifiedName, Role, Target};
use crate::error::{ErrorKind, Failure, Step};

/// The pause that a failed write asks for.
const AGAIN: Duration = Duration::from_millis(250);

/// The asset whose list this is.
pub(super) fn target(role: Role) -> Target {
    let name = match role {
        Role::ConnectionAdmin => "default/snowflake/1700000000",
        Role::Editor | Role::Viewer => "default/collection/jdoe/1",
    };
    Target { role, qualified_name: QualifiedName::parse(name, role).unwrap() }
}

pub(super) struct Model {
    pub(super) case: Case,
    pub(super) started: Instant,
    /// The states of the asset, in their order.
    pub(super) states: Vec<State>,
    /// What will be carried out later.
    pending: Vec<(Instant, Change)>,
    pub(super) writes: Vec<Sent>,
    reads: usize,
    /// What our reads showed; the first is that of step 2.
    pub(super) looks: Vec<Look>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) at: Instant,
    pub(super) names: Vec<String>,
    /// By the clock of the pod that was written to.
    updated_ms: i64,
    pub(super) guid: u32,
    /// Whether this run made it.
    pub(super) is_ours: bool,
}

impl State {
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }
}

enum Change {
    Ours(Vec<String>),
    Undo(Vec<String>),
    Other,
}

/// What one read showed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) at: Instant,
    /// Which of the states.
    pub(super) place: usize,
    /// How the tenant was then.
    pub(super) seen_at: Instant,
}

/// A write of ours.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) at: Instant,
    pub(super) answered_at: Instant,
    pub(super) list: Vec<String>,
    pub(super) fate: Fate,
    pub(super) was_answered: bool,
}

impl Sent {
    pub(super) fn is_accepted(&self) -> bool {
        self.was_answered && self.fate.is_accepted()
    }

    pub(super) fn is_refused(&self) -> bool {
        self.was_answered && self.fate.is_refused()
    }
}

impl Model {
    pub(super) fn new(case: Case) -> Model {
        // The clock has run for a while already, so that there is a before.
        let started = Instant::now() + Duration::from_secs(60);
        let first = ["jdoe", "asmith", "eve"].map(str::to_owned).to_vec();
        let state = |at, names, updated_ms| State { at, names, updated_ms, guid: 1, is_ours: false };
        let mut states = vec![state(started - Duration::from_secs(59), first.clone(), -59_000)];
        let (before, ms) = case.before;
        if before != Other::Nobody {
            let updated_ms = case.skew_ms as i64 - ms as i64;
            states.push(state(started - Duration::from_millis(ms), before.change(&first), updated_ms));
        }
        Model { case, started, states, pending: Vec::new(), writes: Vec::new(), reads: 0, looks: Vec::new() }
    }

    /// Carries out what is due.
    fn catch_up(&mut self) {
        self.pending.sort_by_key(|(at, _)| *at);
        while self.pending.first().is_some_and(|(at, _)| *at <= Instant::now()) {
            let (at, change) = self.pending.remove(0);
            let is_ours = matches!(change, Change::Ours(_));
            let last = &self.states[self.states.len() - 1];
            let (mut guid, updated_ms) = (last.guid, (at - self.started).as_millis() as i64);
            let mut names = match change {
                Change::Ours(names) | Change::Undo(names) => names,
                Change::Other => {
                    let other = self.case.other.0;
                    guid += u32::from(other == Other::MakesAnew);
                    other.change(&last.names)
                }
            };
            // The tenant puts a collection's creator back among its editors.
            if self.case.role == Role::Editor && is_ours && !names.iter().any(|name| name == "jdoe") {
                names.push("jdoe".to_owned());
            }
            self.states.push(State { at, names, updated_ms, guid, is_ours });
        }
    }

    pub(super) fn shows_token(&self, look: &Look) -> bool {
        self.states[look.place].has(TOKEN)
    }

    /// What the replica whose turn it is shows.
    pub(super) fn look(&mut self) -> Snapshot {
        self.catch_up();
        let now = Instant::now();
        let replica = self.case.replicas[self.reads % 2];
        self.reads += 1;
        let seen_at = now - replica.age(now - (self.started - Duration::from_secs(60)));
        let place = self.states.iter().rposition(|state| state.at <= seen_at).unwrap();
        self.looks.push(Look { at: now, place, seen_at });
        let (state, role) = (&self.states[place], self.case.role);
        let editors = ["jdoe", "editor"].map(str::to_owned);
        let editors: &[String] = if role == Role::Viewer { &editors } else { &[] };
        Snapshot {
            guid: Some(state.guid.to_string()),
            ..Snapshot::of(&target(role), &state.names, editors, state.updated_ms)
        }
    }

    /// What must hold whenever a list is written.
    fn may_be_written(&self, list: &[String]) {
        let now = Instant::now();
        let base = self.looks[self.looks.len() - 1];
        let what = || format!("{:?}: {:?}, {:?}, {:?}", self.case, self.looks, self.states, self.writes);
        let mut planned = self.states[base.place].names.clone();
        planned.push(TOKEN.to_owned());
        assert_eq!(list, planned, "not what was read: {}", what());
        let after = now - self.started + TIME_FOR_A_WRITE;
        assert!(after <= Duration::from_millis(self.case.deadline_ms), "too late: {}", what());
        if let Some(signal) = self.case.signal_after_ms {
            assert!(now - self.started < Duration::from_millis(signal), "after the signal: {}", what());
        }
        if let Some(before) = self.writes.last() {
            let has_worked = self.looks.iter().any(|look| look.at > before.at && self.shows_token(look));
            assert!(!before.fate.never_heals() || has_worked, "of no use: {}", what());
            assert!(before.is_accepted() || now >= before.answered_at + AGAIN, "too soon: {}", what());
        }
        // A list that is older than a write that was, or may have been, carried out undoes what others
        // made of it since.
        if let Some(write) = self.writes.iter().rev().find(|write| !write.is_refused()) {
            assert!(base.seen_at >= write.answered_at, "older than our write: {}", what());
            // And one without an answer may go on for as long as it was waited for.
            let waited = if write.is_accepted() { Duration::ZERO } else { write.answered_at - write.at };
            assert!(now >= write.answered_at + waited, "while it may go on: {}", what());
        }
        // So does one that is older than another that was read. Where clocks differ that shows only if
        // somebody is missing, which nobody_is_lost() holds.
        let newest = self.looks.iter().map(|look| look.place).max();
        assert!(newest <= Some(base.place) || self.case.skew_ms > 0, "an older state: {}", what());
    }
}

impl UserListApi for Model {
    async fn read(&mut self, budget: &Budget) -> Result<Snapshot, Failure> {
        let asked_at = Instant::now();
        let snapshot = self.look();
        let failure = |kind| Failure::new(kind, Step::AppendAndUpdate, "unreadable", "-");
        let most = Duration::from_secs(30);
        let failure = match budget.limit(most, sleep(Duration::from_millis(self.case.read_ms))).await {
            Ok(_) if self.case.unreadable_from.is_none_or(|from| self.reads <= from as usize) => None,
            Ok(_) => Some(failure(ErrorKind::Rejected)),
            Err(Over::Stopped(signal)) => Some(signal.failure(Step::AppendAndUpdate)),
            Err(Over::Deadline) => Some(failure(ErrorKind::Unavailable)),
        };
        if let Some(failure) = failure {
            self.looks.pop();
            return Err(failure);
        }
        Ok(Snapshot { asked_at, read_at: Instant::now(), ..snapshot })
    }

    async fn write(&mut self, list: FreshList, budget: &Budget) -> Written {
        assert!(Instant::now() <= list.not_after(), "an old list was written");
        let list: Vec<String> = list.names().map(str::to_owned).collect();
        self.may_be_written(&list);
        let fate = *self.case.fates.get(self.writes.len()).unwrap_or(&Fate::Accepted);
        let at = Instant::now();
        let (other, after_ms) = self.case.other;
        if self.writes.is_empty() && other != Other::Nobody {
            self.pending.push((at + Duration::from_millis(after_ms), Change::Other));
        }
        if let Some(after) = fate.carried_out_after() {
            self.pending.push((at + after, Change::Ours(list.clone())));
            if fate == Fate::Undone {
                let undone = list.iter().filter(|name| *name != TOKEN).cloned().collect();
                self.pending.push((at + after * 2, Change::Undo(undone)));
            }
        }
        let was_answered = budget.limit(fate.takes(), sleep(fate.takes())).await.is_ok();
        self.writes.push(Sent { at, answered_at: Instant::now(), list, fate, was_answered });
        self.catch_up();
        let failure = |kind| Failure::new(kind, Step::AppendAndUpdate, "trouble", "-");
        let trouble = |kind, again| Trouble { what: String::new(), failure: failure(kind), again };
        match fate {
            _ if !was_answered => Written::Doubtful(trouble(ErrorKind::Unavailable, None)),
            _ if fate.is_accepted() => Written::Accepted,
            Fate::Refused => Written::NotCarriedOut(trouble(ErrorKind::Unavailable, Some(AGAIN))),
            Fate::Forbidden => Written::NotCarriedOut(trouble(ErrorKind::Forbidden, None)),
            Fate::Nonsense | Fate::NonsenseBefore => {
                Written::Doubtful(trouble(ErrorKind::UnexpectedResponse, None))
            }
            _ => Written::Doubtful(trouble(ErrorKind::Unavailable, Some(AGAIN))),
        }
    }
}
