//! What each answer means: exit code, kind and step, `changed`, and the words that say what was found
//! and what to do. Only the API's own words count as the API's: what a gateway, a mesh or a proxy says
//! with the same status means something else. Which status is tried again is in a table of src/atlan.

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Role, Stage, StandIn, Times, World, example};

use crate::support::{Job, all_at_once, example};

const REQUESTS: [Stage; 4] = [Stage::Token, Stage::Read, Stage::Write, Stage::ReadBack];

fn step(stage: Stage) -> &'static str {
    match stage {
        Stage::Token => "retrieve-token",
        Stage::Read => "retrieve-connection-admins",
        _ => "append-and-update",
    }
}

/// An answer in plain text, as a mesh gives it.
fn text(status: u16, body: &str) -> Fault {
    Fault::Answer(status, vec![("content-type", "text/plain".to_owned())], body.into())
}

/// 401 with these challenges.
fn challenges(challenges: &[&str]) -> Fault {
    let headers = challenges.iter().map(|challenge| ("www-authenticate", (*challenge).to_owned()));
    Fault::Answer(401, headers.collect(), b"<html>no</html>".to_vec())
}

type Kind = (i32, &'static str);
const UNAUTHENTICATED: Kind = (7, "unauthenticated");
const REJECTED: Kind = (9, "rejected");
const NO_API: Kind = (10, "unexpected_response");
const UNAVAILABLE: Kind = (75, "unavailable");

/// Answers that are the last word, what they mean, whether they settle that a write they were given to
/// was not carried out, and the words.
fn last_words() -> Vec<(Fault, Kind, bool, [&'static str; 2])> {
    let no_such_path = r#"{"errorId":"00000000000057a4","message":"There was an error processing your request.",
        "causes":[{"errorType":"com.sun.jersey.api.NotFoundException","errorMessage":"null for uri: /x"}]}"#;
    let not_accepted = ["doesn't accept the bearer token", "get a fresh bearer token"];
    let refused = ["refused the request with status 4", "request ID"];
    let no_api = ["what answers at \"127.0.0.1\" isn't Atlan's API: status ", "ATLAN_BASE_URL"];
    let too_large = ["its answer is larger than 4 MiB", "ATLAN_BASE_URL"];
    vec![
        (Fault::status(400), REJECTED, true, refused),
        (Fault::status(404), REJECTED, true, refused),
        (Fault::status(401), UNAUTHENTICATED, true, not_accepted),
        (challenges(&["Basic realm=\"x\"", " bearer realm=\"y\""]), UNAUTHENTICATED, true, not_accepted),
        (Fault::status(403), (8, "forbidden"), true, ["the user may not ", ""]),
        (
            Fault::page(413),
            REJECTED,
            true,
            ["too large for what stands before the tenant", "raise its limit"],
        ),
        (Fault::Answer(101, Vec::new(), Vec::new()), NO_API, false, no_api),
        (text(401, "Jwt is missing"), NO_API, false, no_api),
        (challenges(&["Basic realm=\"x\""]), NO_API, false, no_api),
        (text(403, "RBAC: access denied"), NO_API, false, no_api),
        (Fault::page(404), NO_API, false, no_api),
        (text(500, no_such_path), NO_API, false, no_api),
        (Fault::status(501), NO_API, false, no_api),
        (Fault::body("<p>"), NO_API, false, ["it answers with HTML", "login page"]),
        (Fault::body(""), NO_API, false, ["its answer is empty", "login page"]),
        // A terabyte without a length, and a little too much with one.
        (Fault::Flood(1 << 40), NO_API, false, too_large),
        (Fault::body(vec![b' '; (4 << 20) + 1]), NO_API, false, too_large),
        (Fault::retry_after(429, "999"), UNAVAILABLE, true, ["answers with status 429", "Run again later"]),
        (Fault::retry_after(503, "999"), UNAVAILABLE, false, ["answers with status 503", "maintenance"]),
    ]
}

#[test]
fn an_answer_means_the_same_at_each_request() {
    let rows = last_words();
    let cases: Vec<_> = rows.iter().flat_map(|row| REQUESTS.map(|stage| (stage, row))).collect();
    all_at_once(&cases, |(stage, (fault, (code, kind), settles, [message, hint]))| {
        let tenant = example();
        tenant.fail(*stage, Times::Forever, fault.clone());
        let ran = Job::against(&tenant).run();
        let report = ran.failed(*code, kind, step(*stage));
        ran.says(message, hint);
        let is_known = match stage {
            Stage::Write => *settles,
            stage => *stage != Stage::ReadBack,
        };
        let changed = if is_known { json!(false) } else { Value::Null };
        assert_eq!(report["changed"], changed, "{stage:?} {fault:?}: {report}");
        if !is_known {
            ran.says("", &format!("Check in Atlan whether \"{}\" is among the ", example::USERNAME));
        }
        if let Fault::Answer(status @ 400.., ..) = fault {
            assert_eq!(report["error"]["http"]["status"], *status);
        }
        assert_eq!(tenant.count(*stage), 1, "{stage:?} {fault:?}");
    });
}

#[test]
fn a_redirect_is_tried_again_a_few_times_and_never_followed() {
    let elsewhere = StandIn::start(World::example());
    let mut redirects: Vec<_> =
        [Stage::Token, Stage::Read, Stage::ReadBack].map(|stage| (stage, 302, elsewhere.url())).into();
    redirects.extend([301, 308].map(|status| (Stage::Read, status, elsewhere.url())));
    redirects.extend(["/login.jsp", "//[", ""].map(|target| (Stage::Token, 302, target.to_owned())));
    all_at_once(&redirects, |(stage, status, target)| {
        let redirect = Fault::Answer(*status, vec![("location", target.clone())], Vec::new());
        let tenant = example();
        tenant.fail(*stage, Times::Forever, redirect);
        let ran = Job::against(&tenant).run();
        ran.failed(10, "unexpected_response", step(*stage));
        ran.says(&format!("(status {status}), again and again"), "login page");
        assert_eq!((tenant.count(*stage), tenant.count(Stage::Other)), (4, 0), "{stage:?} {status} {target}");
    });
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn the_address_that_is_named_is_that_of_the_service_that_was_asked() {
    let rows = [
        (Stage::Token, "heracles-service.heracles.svc.cluster.local"),
        (Stage::Read, "atlas-ratelimited.atlas.svc.cluster.local"),
    ];
    all_at_once(&rows, |(stage, host)| {
        let tenant = example();
        tenant.fail(*stage, Times::Forever, text(403, "RBAC: access denied"));
        let ran = Job::in_cluster(&tenant).run();
        ran.failed(10, "unexpected_response", step(*stage));
        ran.says(&format!("what answers at \"{host}\" isn't Atlan's API"), "gateway");
    });
}

#[test]
fn the_tenants_own_words_are_taken_from_wherever_it_puts_them() {
    let long = "no, ".repeat(1 << 10);
    let start = format!("{}…", &long[..400]);
    let said = |code: Option<&str>, message: &str| json!({ "code": code, "message": message });
    let rows = [
        (json!({ "errorCode": "A-1", "errorMessage": "m", "errorCause": "c" }), said(Some("A-1"), "m")),
        (json!({ "code": 1006, "error": "Bad", "message": "m" }), said(Some("1006"), "m")),
        (json!({ "error": "bad", "error_description": "m" }), said(Some("bad"), "m")),
        (json!({ "error": "m" }), said(None, "m")),
        (json!({ "errorId": "e", "message": "m", "causes": [{ "errorMessage": "c" }] }), said(None, "m c")),
        (json!({ "causes": [{ "errorMessage": "c" }] }), said(None, "c")),
        (json!({ "errorCode": "A-1" }), said(Some("A-1"), "")),
        (json!("not  an\nobject"), said(None, "\"not an\\nobject\"")),
        (json!({ "errorCode": "A-1", "errorMessage": long }), said(Some("A-1"), &start)),
        (json!({ "a": 1 }), Value::Null),
    ];
    all_at_once(&rows, |(body, expected)| {
        let tenant = example();
        let answer = Fault::Answer(403, Vec::new(), body.to_string().into());
        tenant.fail(Stage::Read, Times::Forever, answer);
        assert_eq!(Job::against(&tenant).run().report()["error"]["tenant"], *expected, "{body}");
    });
}

#[test]
fn the_report_names_the_request_that_failed() {
    let tenant = example();
    tenant.edit(|world| world.roles.insert("jdoe".to_owned(), Role::Member));
    let report = Job::against(&tenant).run().report();
    let write = tenant.requests().pop().unwrap();
    assert_eq!(
        report["error"]["http"],
        json!({ "method": "PUT", "path": "/api/meta/entity/uniqueAttribute/type/Connection", "status": 403,
                "request_id": write.header("x-atlan-request-id").unwrap() })
    );
    assert_eq!(report["error"]["tenant"]["code"], "ATLAS-403-00-001");
}
