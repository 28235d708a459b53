//! Only the API's own words count as the API's: what a gateway, a mesh or a proxy says with the same
//! status means something else.

use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{Job, all_at_once, example};

const REQUESTS: [Stage; 4] = [Stage::Token, Stage::Read, Stage::Write, Stage::ReadBack];

/// An answer in plain text, as a mesh gives it.
fn text(status: u16, body: &str) -> Fault {
    Fault::Answer(status, vec![("content-type", "text/plain".to_owned())], body.into())
}

fn step(stage: Stage) -> &'static str {
    match stage {
        Stage::Token => "retrieve-token",
        Stage::Read => "retrieve-connection-admins",
        _ => "append-and-update",
    }
}

#[test]
fn what_stands_in_between_is_not_taken_for_the_api() {
    let answers = [
        (text(403, "RBAC: access denied"), "RBAC: access denied", 403),
        (text(401, "Jwt is missing"), "Jwt is missing", 401),
        (Fault::page(403), "<html>", 403),
        (Fault::page(401), "<html>", 401),
        (Fault::page(404), "<html>", 404),
        (Fault::page(405), "<html>", 405),
    ];
    for stage in [Stage::Token, Stage::Read, Stage::ReadBack] {
        all_at_once(&answers, |(answer, words, status)| {
            let tenant = example();
            tenant.fail(stage, Times::Forever, answer.clone());
            let ran = Job::against(&tenant).run();
            let report = ran.failed(10, "unexpected_response", step(stage));
            ran.says(
                &format!("what answers at \"127.0.0.1\" isn't Atlan's API: status {status}"),
                "ATLAN_BASE_URL",
            );
            assert!(report["error"]["tenant"]["message"].as_str().unwrap().contains(words), "{report}");
            assert_eq!(tenant.count(stage), 1, "{stage:?} {status}");
            let changed = if stage == Stage::ReadBack { serde_json::Value::Null } else { false.into() };
            assert_eq!(report["changed"], changed, "{stage:?} {status}");
        });
    }
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
        ran.failed(10, "unexpected_response", step(stage));
        ran.says(&format!("what answers at \"{host}\" isn't Atlan's API"), "gateway");
    }
}

#[test]
fn a_refusal_in_the_apis_own_form_is_taken_for_one() {
    let bearer = r#"Bearer realm="default", error="invalid_token""#;
    let with = |challenges: &[&str], body: &str| {
        let headers = challenges.iter().map(|challenge| ("www-authenticate", (*challenge).to_owned()));
        Fault::Answer(401, headers.collect(), body.into())
    };
    let challenge = |body: &str| with(&[bearer], body);
    for (stage, answer) in [
        (Stage::Read, with(&["Basic realm=\"x\"", bearer], "")),
        (Stage::Read, with(&["bearer"], "")),
        (Stage::Token, text(401, r#"{"message":"Unauthorized"}"#)),
        (Stage::Token, challenge("")),
        (Stage::Read, challenge("<html>no</html>")),
        (Stage::Read, Fault::status(401)),
    ] {
        let tenant = example();
        tenant.fail(stage, Times::Forever, answer);
        Job::against(&tenant).run().failed(7, "unauthenticated", step(stage));
        assert_eq!(tenant.count(stage), 1);
    }
    let tenant = example();
    let basic = Fault::Answer(401, vec![("www-authenticate", "Basic realm=\"x\"".to_owned())], Vec::new());
    tenant.fail(Stage::Token, Times::Forever, basic);
    Job::against(&tenant).run().failed(10, "unexpected_response", "retrieve-token");
}

#[test]
fn a_redirect_is_tried_again_a_few_times_and_never_followed() {
    let elsewhere = StandIn::start(World::example());
    let mut redirects: Vec<_> = REQUESTS.map(|stage| (stage, 302, "/login.jsp".to_owned())).into();
    redirects.extend([301, 303, 307, 308].map(|status| (Stage::Read, status, elsewhere.url())));
    redirects.extend(["//[", ""].map(|target| (Stage::Token, 302, target.to_owned())));
    all_at_once(&redirects, |(stage, status, target)| {
        let tenant = example();
        let redirect = || Fault::Answer(*status, vec![("location", target.clone())], Vec::new());
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
fn a_path_that_the_tenant_does_not_know_is_not_tried_again() {
    let answer = r#"{"errorId":"00000000000057a4","message":"There was an error processing your request.","causes":
        [{"errorType":"com.sun.jersey.api.NotFoundException","errorMessage":"null for uri: http://localhost/x"}]}"#;
    for stage in [Stage::Read, Stage::ReadBack] {
        let tenant = example();
        tenant.fail(stage, Times::Forever, text(500, answer));
        let ran = Job::against(&tenant).run();
        ran.failed(10, "unexpected_response", step(stage));
        ran.says("status 500", "ATLAN_BASE_URL");
        assert_eq!(tenant.count(stage), 1);
    }
    // Any other 500 passes by itself.
    let tenant = example();
    let other = answer.replace("com.sun.jersey.api.NotFoundException", "java.lang.NullPointerException");
    tenant.fail(Stage::Read, Times::Once, text(500, &other));
    Job::against(&tenant).run().added();
    assert_eq!(tenant.admin_users(example::CONNECTION).len(), 3);
}
