//! What is to happen with a request, and what the server's tasks share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::answer::Answer;
use crate::{Fault, Request, Stage, Times, World, routes};

/// What the server's tasks share.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) world: World,
    pub(crate) rules: Vec<Rule>,
    pub(crate) requests: Vec<Request>,
    pub(crate) connections: usize,
    pub(crate) latency: Duration,
    pub(crate) accept_delay: Duration,
}

/// What is shared, even if a task that had it panicked.
pub(crate) fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What happens at requests of a kind.
pub(crate) struct Rule {
    pub(crate) stage: Stage,
    pub(crate) times: Times,
    pub(crate) action: Action,
}

pub(crate) enum Action {
    /// The request is carried out then, and this is seen instead of the answer, if anything.
    Answer { fault: Option<Fault>, carried_out: When },
    /// Somebody else changes something.
    Meddle { side: Side, change: Meddler },
}

impl Action {
    pub(crate) fn meddle(side: Side, change: impl FnMut(&mut World) + Send + 'static) -> Action {
        Action::Meddle { side, change: Arc::new(Mutex::new(change)) }
    }
}

/// On which side of a request's own work.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    Before,
    After,
}

/// Somebody else, who changes something.
pub(crate) type Meddler = Arc<Mutex<dyn FnMut(&mut World) + Send>>;

/// How much later a request is carried out; `None` is never.
pub(crate) type When = Option<Duration>;

/// What is to happen with one request.
pub(crate) struct Plan {
    request: Request,
    pub(crate) fault: Option<Fault>,
    pub(crate) carried_out: When,
    before: Vec<Meddler>,
    after: Vec<Meddler>,
}

impl Shared {
    /// Lets somebody change what the tenant holds.
    pub(crate) fn change<T>(&mut self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = change(&mut self.world);
        self.world.settle();
        result
    }

    /// Takes a request in, and sees which rules there are for it.
    pub(crate) fn plan(&mut self, mut request: Request) -> Plan {
        let written = self.requests.iter().any(|earlier| earlier.stage == Stage::Write);
        request.stage = routes::stage(&request.method, &request.path, &request.body, written);
        self.requests.push(request.clone());
        let stage = request.stage;
        let mut plan = Plan {
            request,
            fault: None,
            carried_out: Some(Duration::ZERO),
            before: Vec::new(),
            after: Vec::new(),
        };
        let mut is_answered = false;
        self.rules.retain(|rule| {
            if rule.stage != stage {
                return true;
            }
            match &rule.action {
                Action::Answer { .. } if is_answered => return true,
                Action::Answer { fault, carried_out } => {
                    is_answered = true;
                    (plan.fault, plan.carried_out) = (fault.clone(), *carried_out);
                }
                Action::Meddle { side: Side::After, change } => plan.after.push(change.clone()),
                Action::Meddle { side: Side::Before, change } => plan.before.push(change.clone()),
            }
            rule.times == Times::Forever
        });
        plan
    }

    /// Carries a request out, if it is to be, with what others do right before and after it.
    pub(crate) fn carry_out(&mut self, plan: &Plan) -> Answer {
        self.meddle(&plan.before);
        let answer = match plan.carried_out {
            None => Answer::default(),
            // Only a write changes an asset.
            _ if plan.request.stage == Stage::Write => {
                self.change(|world| routes::answer(world, &plan.request))
            }
            Some(_) => routes::answer(&mut self.world, &plan.request),
        };
        self.meddle(&plan.after);
        answer
    }

    fn meddle(&mut self, meddlers: &[Meddler]) {
        for meddler in meddlers {
            let mut meddle = meddler.lock().unwrap_or_else(PoisonError::into_inner);
            self.change(|world| meddle(world));
        }
    }
}
