//! The one rule for trying again: whether the same request is made once more, when, and for how long.

use std::collections::HashMap;
use std::fmt::Display;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff};
use tokio::time::Instant;
use tracing::{debug, warn};

use super::explain::is_no_such_entity;
use crate::budget::{Budget, Over};
use crate::error::ErrorKind;
use crate::http::{CallError, Fault, Service, pauses};

/// Why the same request can succeed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Because {
    /// It passes by itself: tried to the deadline.
    Passes,
    /// What was to be written got too old on the way, and has to be read again at once.
    TooOld,
    /// Nothing was ever reached: the address may be wrong.
    Unreached,
    /// The gateway redirects now and then, and both SDKs try again.
    Redirected,
    /// What isn't there may only not be there yet. Short, so that a typo is told soon.
    NotThere,
    /// A user is unknown for some seconds after the API token was made.
    UserUnknown,
    /// A right may still be on its way, until then: it reaches Atlas's replicas one by one.
    YoungRight(Instant),
}

impl Because {
    /// Why `error` isn't the last word; nothing if it is.
    pub(super) fn of(error: &CallError, right_is_young_until: Option<Instant>) -> Option<Because> {
        match &error.fault {
            Fault::Ended(_) | Fault::NotTheApi(_) | Fault::WrongUser { .. } => None,
            Fault::TimedOut { .. } | Fault::Cached(_) => Some(Because::Passes),
            Fault::TooOld => Some(Because::TooOld),
            Fault::Broken(broken) if broken.kind != ErrorKind::Unavailable => None,
            Fault::Broken(broken) if broken.is_unreached => Some(Because::Unreached),
            Fault::Broken(_) => Some(Because::Passes),
            Fault::Refused(refusal) => match refusal.status {
                300..400 => Some(Because::Redirected),
                403 if error.service == Service::Atlas && refusal.speaker.is_some() => {
                    right_is_young_until.map(Because::YoungRight)
                }
                404 if is_no_such_entity(error) => {
                    (error.exchange.method == "GET").then_some(Because::NotThere)
                }
                _ if refusal.names_an_unknown_user() => Some(Because::UserUnknown),
                _ => refusal.is_temporary().then_some(Because::Passes),
            },
        }
    }

    /// How much longer it is tried, after so many times since then.
    fn left(self, since: Instant, times: u32) -> Duration {
        let for_seconds = |seconds| Duration::from_secs(seconds).saturating_sub(since.elapsed());
        match self {
            Because::Passes | Because::TooOld => Duration::MAX,
            Because::Redirected => {
                if times <= 3 {
                    Duration::MAX
                } else {
                    Duration::ZERO
                }
            }
            Because::NotThere => for_seconds(5),
            Because::UserUnknown => for_seconds(10),
            Because::Unreached => for_seconds(30),
            Because::YoungRight(until) => until.saturating_duration_since(Instant::now()),
        }
    }

    fn means(self) -> &'static str {
        match self {
            Because::YoungRight(_) => {
                ", which can mean \"not yet\": a new right takes up to half a minute to arrive"
            }
            Because::NotThere => ", which can mean \"not yet\": it may have been made a moment ago",
            _ => "",
        }
    }
}

/// How often, and since when, one request has been tried again.
pub(super) struct Again {
    started: Instant,
    pauses: ExponentialBackoff,
    seen: HashMap<Because, (Instant, u32)>,
    /// What went wrong before.
    before: Option<CallError>,
}

impl Again {
    pub(super) fn new() -> Again {
        Again { started: Instant::now(), pauses: pauses().build(), seen: HashMap::new(), before: None }
    }

    /// The pause before the same request is made again after `error`; none if that is of no use.
    pub(super) fn after(
        &mut self,
        error: &CallError,
        right_is_young_until: Option<Instant>,
        budget: &Budget,
    ) -> Option<Duration> {
        let asked = error.refusal().and_then(|refusal| refusal.retry_after);
        self.pause(Because::of(error, right_is_young_until)?, error, asked.unwrap_or_default(), budget)
    }

    /// The pause after `what` went wrong, at least as long as it was `asked` for. Says once for each
    /// reason for how long it is tried again.
    pub(super) fn pause(
        &mut self,
        because: Because,
        what: impl Display,
        asked: Duration,
        budget: &Budget,
    ) -> Option<Duration> {
        let (since, times) = self.seen.entry(because).or_insert((Instant::now(), 0));
        *times += 1;
        let left = because.left(*since, *times);
        let pause = match because {
            Because::TooOld => Duration::ZERO,
            Because::NotThere | Because::UserUnknown => Duration::from_secs(1),
            Because::YoungRight(_) => Duration::from_millis(2500),
            _ => self.pauses.next().unwrap_or_default().max(asked),
        };
        if left.is_zero() {
            return None;
        }
        // The last try is made when the time is up.
        let pause = pause.min(left);
        let seconds = left.min(budget.left()).as_secs_f64();
        match *times {
            _ if budget.allows(pause).is_err() => {}
            1 => warn!("{what}{}; trying again for up to {seconds:.0} s", because.means()),
            _ => debug!("{what}; trying again"),
        }
        Some(pause)
    }

    /// Pauses after `error`, before the same request is made again.
    ///
    /// # Errors
    ///
    /// `error` if there is no use in that, or no time for it.
    pub(super) async fn wait(
        &mut self,
        pause: Option<Duration>,
        error: CallError,
        budget: &Budget,
    ) -> Result<(), CallError> {
        let Some(pause) = pause else { return Err(self.given_up(error)) };
        match budget.pause(pause).await {
            Ok(()) => self.before = Some(error),
            Err(Over::Deadline) => return Err(self.given_up(error)),
            Err(stopped) => return Err(CallError { fault: Fault::Ended(stopped), ..error }),
        }
        Ok(())
    }

    /// The same error, to be judged.
    ///
    /// # Errors
    ///
    /// If there was too little time for the request: what went wrong before, which says more than the
    /// deadline does.
    pub(super) fn the_real_reason(&mut self, error: CallError) -> Result<CallError, CallError> {
        match self.before.take() {
            Some(before) if error.is_for_want_of_time() => Err(self.given_up(before)),
            _ => Ok(error),
        }
    }

    fn given_up(&self, error: CallError) -> CallError {
        let tried_for = (!self.seen.is_empty()).then(|| self.started.elapsed());
        CallError { tried_for, ..error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exchange;
    use crate::http::{Grant, refusal_of};

    fn error(service: Service, method: &str, fault: Fault) -> CallError {
        let exchange = Exchange {
            method: method.to_owned(),
            path: "/".to_owned(),
            status: None,
            request_id: "1".to_owned(),
        };
        CallError { sent: method != "GET", ..CallError::unsent(fault, exchange, service) }
    }

    /// A refusal with this status and body: why it is tried again, and whether a write may have been
    /// carried out.
    fn judged(service: Service, method: &str, status: u16, body: &str) -> (Option<Because>, bool) {
        let error = error(service, method, Fault::Refused(refusal_of(service, status, body.as_bytes())));
        (Because::of(&error, None), error.may_have_been_carried_out())
    }

    /// The whole policy for what is told by its status alone: for reads, writes and Keycloak the same.
    #[test]
    fn each_status_is_tried_again_or_is_the_last_word() {
        use Because::{Passes, Redirected};
        // From, to, why again, and whether a write may have been carried out: by a page of whoever stands
        // in between, and by the API's own word.
        const TABLE: [(u16, u16, Option<Because>, bool, bool); 21] = [
            (100, 299, None, true, true),
            (300, 399, Some(Redirected), true, true),
            (400, 407, None, true, false),
            (408, 408, Some(Passes), true, true), // whoever waited no longer had passed it on
            (409, 412, None, true, false),
            (413, 414, None, false, false), // too large to be passed on
            (415, 420, None, true, false),
            (421, 421, Some(Passes), true, false),
            (422, 424, None, true, false),
            (425, 425, Some(Passes), true, false),
            (426, 428, None, true, false),
            (429, 429, Some(Passes), false, false), // refused before it is passed on
            (430, 430, None, true, false),
            (431, 431, None, false, false), // too large to be passed on
            (432, 459, None, true, false),
            (460, 460, Some(Passes), true, true),
            (461, 498, None, true, false),
            (499, 499, Some(Passes), true, true),
            (500, 500, Some(Passes), true, true),
            (501, 501, None, true, true),
            (502, 599, Some(Passes), true, true), // but two
        ];
        let mut next = 100;
        for (from, to, again, by_page, by_api) in TABLE {
            assert_eq!(from, next, "a gap in the table");
            next = to + 1;
            for status in from..=to {
                let again = again.filter(|_| !matches!(status, 505 | 511));
                let own = r#"{"errorCode":"ATLAS-000-00-000","errorMessage":"m"}"#;
                assert_eq!(judged(Service::Atlas, "PUT", status, "<html>"), (again, by_page), "{status}");
                assert_eq!(judged(Service::Atlas, "PUT", status, own), (again, by_api), "{status}");
                for body in ["<html>", own] {
                    assert_eq!(judged(Service::Atlas, "GET", status, body).0, again, "{status} {body}");
                }
                let keycloak = Service::Keycloak(Grant::TokenExchange);
                for body in ["<html>", r#"{"error":"e"}"#] {
                    assert_eq!(judged(keycloak, "POST", status, body).0, again, "{status} {body}");
                }
            }
        }
        assert_eq!(next, 600);
    }

    /// And for what takes more than the status.
    #[test]
    fn some_refusals_are_known_by_more_than_their_status() {
        let atlas = |method, status, code: &str, message: &str| {
            let body = format!(r#"{{"errorCode":"{code}","errorMessage":"{message}"}}"#);
            judged(Service::Atlas, method, status, &body)
        };
        for (told, expected) in [
            (atlas("GET", 404, "ATLAS-404-00-009", "m"), (Some(Because::NotThere), false)),
            (atlas("PUT", 404, "ATLAS-404-00-009", "m"), (None, false)),
            (atlas("PUT", 400, "ATLAS-400-00-029", "m"), (Some(Because::Passes), true)),
            (
                atlas("PUT", 500, "ATLAS-500-00-001", "Keycloak user not found"),
                (Some(Because::UserUnknown), false),
            ),
        ] {
            assert_eq!(told, expected);
        }
        let no_such_path = r#"{"errorId":"e","causes":[{"errorType":"x.NotFoundException"}]}"#;
        assert_eq!(judged(Service::Atlas, "GET", 500, no_such_path).0, None);

        let until = Instant::now();
        for (service, body, expected) in [
            (Service::Atlas, r#"{"errorCode":"c","errorMessage":"m"}"#, Some(Because::YoungRight(until))),
            (Service::Atlas, "<html>", None),
            (Service::Heracles, r#"{"message":"m","code":403}"#, None),
        ] {
            let refusal = Fault::Refused(refusal_of(service, 403, body.as_bytes()));
            assert_eq!(Because::of(&error(service, "GET", refusal), Some(until)), expected, "{body}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_reason_has_its_time() {
        let budget = Budget::new(Instant::now() + Duration::from_secs(3600), Default::default());
        for (because, least, most) in [
            (Because::YoungRight(Instant::now() + Duration::from_secs(60)), 60, 60),
            (Because::NotThere, 5, 5),
            (Because::UserUnknown, 10, 10),
            (Because::Unreached, 30, 30),
            (Because::Redirected, 0, 5),
        ] {
            let (started, mut again) = (Instant::now(), Again::new());
            while let Some(pause) = again.pause(because, "", Duration::ZERO, &budget) {
                tokio::time::sleep(pause).await;
            }
            let seconds = started.elapsed().as_secs();
            assert!((least..=most).contains(&seconds), "{because:?}: {seconds} s");
        }
        let mut again = Again::new();
        assert_eq!(again.pause(Because::TooOld, "", Duration::ZERO, &budget), Some(Duration::ZERO));
        let asked = Duration::from_secs(7);
        assert_eq!(again.pause(Because::Passes, "", asked, &budget), Some(asked));
    }

    #[tokio::test(start_paused = true)]
    async fn what_went_wrong_before_says_more_than_the_deadline() {
        let of = |fault| error(Service::Atlas, "GET", fault);
        let budget = Budget::new(Instant::now() + Duration::from_secs(10), Default::default());
        let late = || of(Fault::Ended(Over::Deadline));
        let mut again = Again::new();
        assert!(again.the_real_reason(late()).is_ok(), "nothing went wrong before");
        let cached = of(Fault::Cached(7));
        let pause = again.after(&cached, None, &budget);
        again.wait(pause, cached, &budget).await.unwrap();
        let told = again.the_real_reason(late()).unwrap_err();
        assert!(matches!(told.fault, Fault::Cached(7)) && told.tried_for.is_some(), "{told}");
    }
}
