//! A small model of the tenant: one list, its earlier states, reads that are old for a while, and
//! somebody else who writes.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::UserListApi;
use super::super::append_and_update::TIME_FOR_A_WRITE;
use super::super::history::SAYS_THE_SAME_AFTER;
use super::case::{Case, Fate, Other, TOKEN};
use crate::atlan::MOST_AGE;
use crate::atlan::{FreshList, Snapshot, Trouble, Written};
use crate::budget::{Budget, Over};
use crate::config::{AssetKind, QualifiedName, Role, Target};
use crate::error::{ErrorKind, Failure, Step};

/// The pause that a failed write asks for.
const AGAIN: Duration = Duration::from_millis(250);

/// How long before step 2 somebody else wrote.
const MOMENT: Duration = Duration::from_millis(1);

/// The asset whose list this is.
pub(super) fn target(role: Role) -> Target {
    let name = match role.kind() {
        AssetKind::Connection => QualifiedName::parse("default/snowflake/1700000000"),
        AssetKind::Collection => QualifiedName::of_collection("default/collection/jdoe/1"),
    };
    Target { role, qualified_name: name.unwrap() }
}

pub(super) struct Model {
    pub(super) case: Case,
    pub(super) started: Instant,
    /// The lists there were, with the time from which on.
    pub(super) states: Vec<(Instant, Vec<String>)>,
    /// What will be carried out later.
    pending: Vec<(Instant, Change)>,
    pub(super) writes: Vec<Sent>,
    reads: u32,
    /// What our reads showed; the first is that of step 2.
    pub(super) looks: Vec<Look>,
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
pub(super) struct Sent {
    pub(super) at: Instant,
    pub(super) answered_at: Instant,
    pub(super) list: Vec<String>,
    pub(super) fate: Fate,
}

impl Sent {
    pub(super) fn is_carried_out(&self) -> bool {
        self.fate.is_carried_out()
    }

    /// Whether it was carried out isn't known from its answer.
    pub(super) fn is_doubtful(&self) -> bool {
        !self.fate.is_accepted() && !self.fate.is_refused()
    }
}

impl Model {
    pub(super) fn new(case: Case) -> Model {
        let started = Instant::now();
        let first = ["jdoe", "asmith"].map(str::to_owned).to_vec();
        let mut states = vec![(started, first.clone())];
        if case.other == Other::AddedBefore {
            states.insert(0, (started - MOMENT, first));
            states[1].1.push("dave".to_owned());
        }
        Model {
            case,
            started,
            looks: vec![Look { at: started, place: states.len() - 1, seen_at: started }],
            states,
            pending: Vec::new(),
            writes: Vec::new(),
            reads: 0,
        }
    }

    /// Carries out what is due.
    pub(super) fn catch_up(&mut self) {
        self.pending.sort_by_key(|(at, _)| *at);
        while self.pending.first().is_some_and(|(at, _)| *at <= Instant::now()) {
            let (at, change) = self.pending.remove(0);
            let list = match change {
                Change::Ours(mut list) => {
                    // The tenant puts a collection's creator back among its editors.
                    if self.case.role == Role::Editor && !list.iter().any(|name| name == "jdoe") {
                        list.push("jdoe".to_owned());
                    }
                    list
                }
                Change::Undo(list) => list,
                Change::Other => match self.case.other.change(self.now()) {
                    Some(list) => list,
                    None => continue,
                },
            };
            self.states.push((at, list));
        }
    }

    pub(super) fn now(&self) -> &[String] {
        &self.states.last().unwrap().1
    }

    pub(super) fn snapshot(&self, place: usize) -> Snapshot {
        let role = self.case.role;
        let editors = ["jdoe", "editor"].map(str::to_owned);
        let may_more: &[String] = if role == Role::Viewer { &editors } else { &[] };
        Snapshot::of(&target(role), &self.states[place].1, may_more, place as i64)
    }

    pub(super) fn shows_token(&self, look: &Look) -> bool {
        self.states[look.place].1.iter().any(|name| name == TOKEN)
    }

    /// The last write that may have been carried out, as far as its answer says.
    pub(super) fn last_told(&self) -> Option<&Sent> {
        self.writes.iter().rev().find(|write| !write.fate.is_refused())
    }

    /// True if this state was seen before that write.
    pub(super) fn was_seen_before(&self, place: usize, write: &Sent) -> bool {
        self.looks.iter().any(|look| look.at <= write.at && look.place == place)
    }

    /// True if the other writer came between a read of ours and the write after it, and reads are old
    /// for longer than a list must say the same: that can't be told from an overwrite.
    pub(super) fn came_between(&self) -> bool {
        let Some(first) = self.writes.first() else { return false };
        let came = first.at + Duration::from_millis(100 + self.case.other_after_ms);
        self.case.lag_ms > 2000
            && self.writes.iter().any(|write| came + MOST_AGE >= write.at && came <= write.at + MOST_AGE)
    }

    /// What must hold whenever a list is written.
    fn may_be_written(&self, list: &[String]) {
        let now = Instant::now();
        let base = self.looks.last().unwrap();
        let what = || format!("{:?}: {:?}, {:?}", self.case, self.looks, self.states);
        let others =
            |names: &[String]| names.iter().filter(|name| *name != TOKEN).cloned().collect::<Vec<_>>();
        assert_eq!(others(list), others(&self.states[base.place].1), "not what was read: {}", what());
        let after = now - self.started + TIME_FOR_A_WRITE;
        assert!(after <= Duration::from_millis(self.case.deadline_ms), "too late: {}", what());
        if let Some(signal) = self.case.signal_after_ms {
            assert!(now - self.started < Duration::from_millis(signal), "after the signal: {}", what());
        }
        if let Some(before) = self.writes.last() {
            let has_worked = self.looks.iter().any(|look| look.at > before.at && self.shows_token(look));
            assert!(!before.fate.never_heals() || has_worked, "of no use: {}", what());
            // Many may want to write next: not at the same moment.
            let pause = if before.fate.is_accepted() { SAYS_THE_SAME_AFTER + AGAIN / 2 } else { AGAIN };
            assert!(now >= before.answered_at + pause, "too soon: {}", what());
        }
        let accepted = self.writes.iter().rev().find(|write| write.fate.is_accepted());
        if let Some(accepted) = accepted.filter(|_| !self.came_between()) {
            assert!(base.seen_at > accepted.at, "an old read was written: {}", what());
        }
        let Some(write) = self.last_told() else { return };
        let since: Vec<_> = self.looks.iter().filter(|look| look.at > write.answered_at).collect();
        let waited = (write.answered_at - write.at).max(SAYS_THE_SAME_AFTER);
        let is_settled = !write.is_doubtful() || now >= write.answered_at + waited;
        if self.was_seen_before(base.place, write) {
            let was_shown = since.iter().any(|look| self.shows_token(look));
            assert!(write.is_doubtful() && is_settled && !was_shown, "an old state was written: {}", what());
        } else {
            let same = since.iter().rev().take_while(|look| look.place == base.place).last();
            let is_confirmed = same.is_some_and(|first| base.at >= first.at + SAYS_THE_SAME_AFTER);
            assert!(is_confirmed && is_settled, "not confirmed: {}", what());
        }
    }
}

impl UserListApi for Model {
    async fn read(&mut self, budget: &Budget) -> Result<Snapshot, Failure> {
        let step = Step::AppendAndUpdate;
        match budget.limit(Duration::from_secs(30), sleep(Duration::from_millis(60))).await {
            Ok(_) => {}
            Err(Over::Stopped(signal)) => return Err(signal.failure(step)),
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
        let behind_since = match (self.case.other, self.writes.last()) {
            (Other::AddedBefore, _) => Some(self.started).filter(|at| now < *at + lag).map(|at| at - MOMENT),
            (_, last_write) => last_write.map(|write| write.at).filter(|at| now < *at + lag),
        };
        let seen_at = behind_since.filter(|_| is_behind).unwrap_or(now);
        let place = self.states.iter().rposition(|(at, _)| *at <= seen_at).unwrap();
        self.looks.push(Look { at: now, place, seen_at });
        Ok(self.snapshot(place))
    }

    async fn write(&mut self, list: FreshList, budget: &Budget) -> Written {
        assert!(Instant::now() <= list.not_after(), "an old list was written");
        self.may_be_written(list.names());
        let fate = *self.case.fates.get(self.writes.len()).unwrap_or(&Fate::Accepted);
        let at = Instant::now();
        if self.writes.is_empty() {
            let after = Duration::from_millis(100 + self.case.other_after_ms);
            self.pending.push((at + after, Change::Other));
        }
        let list = list.names().to_vec();
        if fate.is_carried_out() {
            self.pending.push((at + fate.carried_out_after(), Change::Ours(list.clone())));
        }
        if fate == Fate::Undone {
            let undone = self.states[self.looks.last().unwrap().place].1.clone();
            self.pending.push((at + fate.carried_out_after() * 2, Change::Undo(undone)));
        }
        let answered = budget.limit(fate.takes(), sleep(fate.takes())).await.is_ok();
        self.writes.push(Sent { at, answered_at: Instant::now(), list, fate });
        self.catch_up();
        let failure = |kind| Failure::new(kind, Step::AppendAndUpdate, "trouble", "-");
        let trouble = |kind, again| Trouble { what: String::new(), failure: failure(kind), again };
        match fate {
            _ if !answered => Written::Doubtful(trouble(ErrorKind::Unavailable, None)),
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
