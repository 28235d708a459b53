//! Query collections: an API token becomes an editor or a viewer of one.

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Stage, StandIn, Times, example};

use crate::support::{Job, Ran, example};

const ADMINS: &str = "retrieve-connection-admins";
const UPDATE: &str = "append-and-update";
const USERNAME: &str = example::USERNAME;

/// The job for a collection, with this role.
fn job(tenant: &StandIn, role: &str) -> Job {
    Job::against(tenant)
        .without("CONNECTION_QUALIFIED_NAME")
        .env("COLLECTION_QUALIFIED_NAME", example::COLLECTION)
        .env("COLLECTION_ROLE", role)
}

#[track_caller]
fn ended(ran: &Ran, status: &str, changed: bool) -> Value {
    let report = ran.report();
    let expected = (Some(0), &json!(status), &json!(changed));
    assert_eq!((ran.code, &report["status"], &report["changed"]), expected, "{ran:?}");
    report
}

#[test]
fn a_token_becomes_what_the_role_says_by_the_one_list_that_is_meant() {
    for (given, role, list, users, other, before) in [
        ("", "editor", "adminUsers", "admin_users", "viewer_users", &["jdoe", "asmith"][..]),
        ("viewer", "viewer", "viewerUsers", "viewer_users", "admin_users", &["guest"]),
    ] {
        let tenant = example();
        let after = [before, &[USERNAME]].concat();
        let lists = json!({ "before": before, "after": after });
        let dry = ended(&job(&tenant, given).args(["--dry-run"]).run(), "would_add", false);
        assert_eq!((&dry[users], tenant.count(Stage::Write)), (&lists, 0));

        let report = ended(&job(&tenant, given).run(), "added", true);
        assert_eq!((&report[users], &report["role"]), (&lists, &json!(role)));
        assert_eq!(report["collection"]["qualified_name"], example::COLLECTION);
        assert!(report["connection"].is_null() && report[other].is_null());
        let write = tenant.requests().into_iter().find(|request| request.stage == Stage::Write).unwrap();
        assert!(write.path.ends_with("/entity/uniqueAttribute/type/Collection"), "{}", write.path);
        assert_eq!(write.query("attr:qualifiedName"), example::COLLECTION);
        let attributes = json!({ "qualifiedName": example::COLLECTION, list: after });
        let body = json!({ "entity": { "typeName": "Collection", "attributes": attributes } });
        assert_eq!(serde_json::from_str::<Value>(&write.body).unwrap(), body);
        ended(&job(&tenant, &format!(" {}\n", role.to_uppercase())).run(), &format!("already_{role}"), false);
    }
}

#[test]
fn an_editor_needs_no_place_among_the_viewers() {
    let tenant = example();
    tenant.edit(|world| world.asset(example::COLLECTION).add(USERNAME));
    ended(&job(&tenant, "viewer").run(), "already_editor", false);
    assert_eq!((tenant.count(Stage::Write), tenant.viewer_users(example::COLLECTION).len()), (0, 1));
}

#[test]
fn each_failure_has_its_code_and_the_words_of_a_collection() {
    let (archived, gone) = (example(), example());
    archived.edit(|world| world.asset(example::COLLECTION).active = false);
    gone.fail(Stage::Write, Times::Forever, Fault::atlas(404, "ATLAS-404-00-009", "gone"));
    let tenant = example();
    let none = job(&tenant, "editor").env("COLLECTION_QUALIFIED_NAME", "default/collection/jdoe/none");
    let guest = job(&tenant, "editor").env("USER_BEARER_TOKEN", example::GUEST_BEARER);
    let not_found = "collection_not_found";
    for (job, code, kind, step, words) in [
        (none, 6, not_found, ADMINS, "has no collection"),
        (guest, 8, "forbidden", UPDATE, "must be an editor"),
        (job(&archived, "editor"), 6, not_found, ADMINS, "is archived"),
        (job(&gone, "editor"), 6, not_found, UPDATE, "was deleted"),
    ] {
        let report = job.run().failed(code, kind, step);
        let text = format!("{} {}", report["error"]["message"], report["error"]["hint"]);
        assert!(text.contains(words) && !text.contains("connection"), "{words}: {text}");
    }
}

#[test]
fn wrong_inputs_for_a_collection_are_refused() {
    let tenant = example();
    let as_a_connection = Job::against(&tenant).env("CONNECTION_QUALIFIED_NAME", example::COLLECTION);
    for (job, words) in [
        (job(&tenant, "owner"), "must be editor or viewer"),
        (as_a_connection, "into COLLECTION_QUALIFIED_NAME"),
    ] {
        job.run().refused(&tenant, &[words]);
    }
}
