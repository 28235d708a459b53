//! The whole policy on a page: which status is tried again, and for how long.

use super::*;
use crate::atlan::properties::refusal_of;
use crate::error::Exchange;

fn error(service: Service, method: &str, fault: Fault) -> CallError {
    let [method, path, request_id] = [method, "/", "1"].map(str::to_owned);
    let exchange = Exchange { method, path, status: None, request_id };
    let sent = exchange.method != "GET";
    CallError::new(fault, exchange, service, sent)
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
            for body in ["<html>", r#"{"error":"e"}"#] {
                assert_eq!(judged(Service::Keycloak, "POST", status, body).0, again, "{status} {body}");
            }
        }
    }
    assert_eq!(next, 600);
}

/// And for what takes more than the status.
#[test]
fn some_refusals_are_known_by_more_than_their_status() {
    use Because::{NotThere, Passes, UserUnknown};
    let atlas = |method, status, code: &str, message: &str| {
        let body = format!(r#"{{"errorCode":"{code}","errorMessage":"{message}"}}"#);
        judged(Service::Atlas, method, status, &body)
    };
    for (told, expected) in [
        (atlas("GET", 404, "ATLAS-404-00-009", "m"), (Some(NotThere), false)),
        (atlas("PUT", 404, "ATLAS-404-00-009", "m"), (None, false)),
        (atlas("PUT", 400, "ATLAS-400-00-029", "m"), (Some(Passes), true)),
        (atlas("PUT", 500, "ATLAS-500-00-001", "Keycloak user not found"), (Some(UserUnknown), false)),
    ] {
        assert_eq!(told, expected);
    }
    // In nobody's own form, the same words say nothing.
    let coded = r#"{"code":"ATLAS-400-00-029","message":"m"}"#;
    assert_eq!(judged(Service::Atlas, "PUT", 400, coded), (None, true));
    let worded = r#"{"message":"Keycloak user not found"}"#;
    assert_eq!(judged(Service::Atlas, "PUT", 500, worded), (Some(Passes), true));
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
        (Because::YoungToken, 2, 2),
        (Because::NotThere, 5, 5),
        (Because::UserUnknown, 10, 10),
        (Because::Unreached, 30, 30),
        (Because::Redirected, 0, 5),
    ] {
        let (started, mut again) = (Instant::now(), Again::new(None));
        while let Some(pause) = again.pause(because, "", Duration::ZERO, &budget) {
            tokio::time::sleep(pause).await;
        }
        let seconds = started.elapsed().as_secs();
        assert!((least..=most).contains(&seconds), "{because:?}: {seconds} s");
    }
    let mut again = Again::new(None);
    assert_eq!(again.pause(Because::TooOld, "", Duration::ZERO, &budget), Some(Duration::ZERO));
    let asked = Duration::from_secs(7);
    assert_eq!(again.pause(Because::Passes, "", asked, &budget), Some(asked));
}

#[tokio::test(start_paused = true)]
async fn what_went_wrong_before_says_more_than_the_deadline() {
    let of = |fault| error(Service::Atlas, "GET", fault);
    let budget = Budget::new(Instant::now() + Duration::from_secs(10), Default::default());
    let late = || of(Fault::Ended(Over::Deadline));
    let mut again = Again::new(None);
    assert!(again.the_real_reason(late()).is_ok(), "nothing went wrong before");
    let cached = of(Fault::Cached(7));
    let pause = again.after(&cached, &budget);
    again.wait(pause, cached, &budget).await.unwrap();
    let told = again.the_real_reason(late()).unwrap_err();
    assert!(matches!(told.fault, Fault::Cached(7)) && told.tried_for.is_some(), "{told}");
}
