//! What each answer means: exit code, kind and step, `changed`, and the words that say what was found
//! and what to do. Only the API's own words count as the API's: what a gateway, a mesh or a proxy says
//! with the same status means something else.

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
fn challenges(challenges: &[&str], body: &str) -> Fault {
    let headers = challenges.iter().map(|challenge| ("www-authenticate", (*challenge).to_owned()));
    Fault::Answer(401, headers.collect(), body.into())
}

type Kind = (i32, &'static str);
const REJECTED: Kind = (9, "rejected");
const NO_API: Kind = (10, "unexpected_response");
const UNAVAILABLE: Kind = (75, "unavailable");

/// An answer that is the last word, what it means, and whether it settles that a write it was given to
/// was not carried out.
fn last_words() -> Vec<(Fault, Kind, bool, String, &'static str)> {
    let bearer = r#"Bearer realm="default", error="invalid_token""#;
    let no_such_path = r#"{"errorId":"00000000000057a4","message":"There was an error processing your request.",
        "causes":[{"errorType":"com.sun.jersey.api.NotFoundException","errorMessage":"null for uri: /x"}]}"#;
    let mut rows = Vec::new();
    let mut row = |fault, kind, settles, message: &str, hint| {
        rows.push((fault, kind, settles, message.to_owned(), hint));
    };
    for status in [400, 404, 405, 409, 412, 422] {
        let message = format!("refused the request with status {status}");
        row(Fault::status(status), REJECTED, true, &message, "request ID");
    }
    let unauthenticated = (7, "unauthenticated");
    for fault in [
        Fault::status(401),
        challenges(&[bearer], ""),
        challenges(&["Basic realm=\"x\"", bearer], "<html>no</html>"),
        challenges(&["bearer"], ""),
    ] {
        row(fault, unauthenticated, true, "doesn't accept the bearer token", "get a fresh bearer token");
    }
    row(Fault::status(403), (8, "forbidden"), true, "the user may not ", "");
    for status in [413, 414, 431] {
        let message = format!("too large for what stands before the tenant (status {status})");
        row(Fault::page(status), REJECTED, true, &message, "can raise its limit");
    }
    for (status, fault) in [
        (101, Fault::Answer(101, Vec::new(), Vec::new())),
        (401, text(401, "Jwt is missing")),
        (401, challenges(&["Basic realm=\"x\""], "")),
        (401, Fault::page(401)),
        (403, text(403, "RBAC: access denied")),
        (403, Fault::page(403)),
        (404, Fault::page(404)),
        (405, Fault::page(405)),
        (409, Fault::page(409)),
        (500, text(500, no_such_path)),
        (501, Fault::status(501)),
    ] {
        let message = format!("what answers at \"127.0.0.1\" isn't Atlan's API: status {status}");
        row(fault, NO_API, false, &message, "ATLAN_BASE_URL");
    }
    row(Fault::body("<p>"), NO_API, false, "it answers with HTML", "login page");
    row(Fault::body(""), NO_API, false, "its answer is empty", "login page");
    // A terabyte without a length, and a little too much with one.
    for too_large in [Fault::Flood(1 << 40), Fault::body(vec![b' '; (4 << 20) + 1])] {
        let message = "its answer is larger than 4 MiB";
        row(too_large, NO_API, false, message, "ATLAN_BASE_URL");
    }
    for (status, settles, hint) in
        [(429, true, "Run again later"), (503, false, "maintenance"), (599, false, "Run again later")]
    {
        let message = format!("answers with status {status}");
        row(Fault::retry_after(status, "999"), UNAVAILABLE, settles, &message, hint);
    }
    rows
}

#[test]
fn an_answer_means_the_same_at_each_request() {
    let rows = last_words();
    let cases: Vec<_> = rows.iter().flat_map(|row| REQUESTS.map(|stage| (stage, row))).collect();
    all_at_once(&cases, |(stage, (fault, (code, kind), settles, message, hint))| {
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
    let mut redirects: Vec<_> = REQUESTS.map(|stage| (stage, 302, "/login.jsp".to_owned())).into();
    redirects.extend([301, 303, 307, 308].map(|status| (Stage::Read, status, elsewhere.url())));
    redirects.extend(["//[", ""].map(|target| (Stage::Token, 302, target.to_owned())));
    all_at_once(&redirects, |(stage, status, target)| {
        let redirect = || Fault::Answer(*status, vec![("location", target.clone())], Vec::new());
        let tenant = example();
        tenant.fail(*stage, Times::Once, redirect());
        Job::against(&tenant).run().added();
        assert_eq!(tenant.count(Stage::Other), 0, "{stage:?} {status} {target}");
        if *stage == Stage::Write {
            return; // between two writes there are ten seconds
        }
        let tenant = example();
        tenant.fail(*stage, Times::Forever, redirect());
        let ran = Job::against(&tenant).env("DEADLINE_SECONDS", "6").run();
        ran.failed(10, "unexpected_response", step(*stage));
        ran.says(&format!("(status {status}), again and again"), "login page");
        assert!((2..=4).contains(&tenant.count(*stage)), "{stage:?} {status} {target}");
        assert_eq!(tenant.count(Stage::Other), 0, "{stage:?} {status} {target}");
    });
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn the_address_that_is_named_is_that_of_the_service_that_was_asked() {
    for (stage, host) in [
        (Stage::Token, "heracles-service.heracles.svc.cluster.local"),
        (Stage::Read, "atlas-ratelimited.atlas.svc.cluster.local"),
    ] {
        let tenant = example();
        tenant.fail(stage, Times::Forever, text(403, "RBAC: access denied"));
        let ran = Job::in_cluster(&tenant).run();
        let report = ran.failed(10, "unexpected_response", step(stage));
        ran.says(&format!("what answers at \"{host}\" isn't Atlan's API"), "gateway");
        assert_eq!(report["error"]["tenant"]["message"], "RBAC: access denied");
    }
}

#[test]
fn the_tenants_own_words_are_taken_from_wherever_it_puts_them() {
    let none = json!(null);
    let long = "no, ".repeat(1 << 10);
    let start = format!("{}…", &long[..400]);
    for (body, code, message) in [
        (json!({ "errorCode": "A-1", "errorMessage": "m", "errorCause": "c" }), json!("A-1"), "m"),
        (json!({ "code": 1006, "error": "Bad", "message": "m" }), json!("1006"), "m"),
        (json!({ "error": "bad", "error_description": "m" }), json!("bad"), "m"),
        (json!({ "error": "m" }), none.clone(), "m"),
        (json!({ "errorId": "e", "message": "m", "causes": [{ "errorMessage": "c" }] }), none.clone(), "m c"),
        (json!({ "causes": [{ "errorMessage": "c" }] }), none.clone(), "c"),
        (json!({ "errorCode": "A-1" }), json!("A-1"), ""),
        (json!("not  an\nobject"), none, "\"not an\\nobject\""),
        (json!({ "errorCode": "A-1", "errorMessage": long }), json!("A-1"), &start),
    ] {
        assert_eq!(told(body.to_string())["tenant"], json!({ "code": code, "message": message }), "{body}");
    }
    for body in ["{}", "{\"a\":1}", "", " \n"] {
        assert!(told(body.to_owned())["tenant"].is_null(), "{body}");
    }
}

/// The report's error, of a run to which this was answered.
fn told(body: String) -> Value {
    let tenant = example();
    tenant.fail(Stage::Read, Times::Forever, Fault::Answer(403, Vec::new(), body.into()));
    Job::against(&tenant).run().report()["error"].take()
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
    assert_eq!(report["api_token"]["username"], example::USERNAME);
}
