//! Query collections: an API token becomes an editor or a viewer of one.

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{Job, Ran};

const ADMINS: &str = "retrieve-connection-admins";
const UPDATE: &str = "append-and-update";
const USERNAME: &str = example::USERNAME;

fn tenant() -> StandIn {
    StandIn::start(World::example())
}

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
    assert_eq!(
        (ran.code, &report["status"], &report["changed"]),
        (Some(0), &json!(status), &json!(changed)),
        "{ran:?}"
    );
    report
}

#[test]
fn a_token_becomes_an_editor() {
    for role in ["", "editor", " Editor\n"] {
        let tenant = tenant();
        let report = ended(&job(&tenant, role).run(), "added", true);
        let editors = tenant.admin_users(example::COLLECTION);
        assert_eq!(editors, ["jdoe", "asmith", USERNAME]);
        assert_eq!(report["admin_users"], json!({ "before": ["jdoe", "asmith"], "after": editors }));
        assert_eq!(
            (&report["role"], &report["collection"]["qualified_name"]),
            (&json!("editor"), &json!(example::COLLECTION))
        );
        assert!(report["connection"].is_null() && report["viewer_users"].is_null());
        assert_eq!(tenant.viewer_users(example::COLLECTION), ["guest"]);
        ended(&job(&tenant, role).run(), "already_editor", false);
    }
}

#[test]
fn a_token_becomes_a_viewer() {
    let tenant = tenant();
    let report = ended(&job(&tenant, "viewer").run(), "added", true);
    assert_eq!(tenant.viewer_users(example::COLLECTION), ["guest", USERNAME]);
    assert_eq!(tenant.admin_users(example::COLLECTION), ["jdoe", "asmith"]);
    assert_eq!(report["viewer_users"], json!({ "before": ["guest"], "after": ["guest", USERNAME] }));
    assert_eq!(report["role"], "viewer");
    assert!(report["admin_users"].is_null());
    ended(&job(&tenant, "viewer").run(), "already_viewer", false);
}

#[test]
fn an_editor_needs_no_place_among_the_viewers() {
    let tenant = tenant();
    tenant.edit(|world| world.asset(example::COLLECTION).add(USERNAME));
    ended(&job(&tenant, "viewer").run(), "already_editor", false);
    assert_eq!((tenant.count(Stage::Write), tenant.viewer_users(example::COLLECTION).len()), (0, 1));
}

#[test]
fn the_write_carries_the_one_list_that_is_meant_and_nothing_else() {
    for (role, list, users) in [
        ("editor", "adminUsers", json!(["jdoe", "asmith", USERNAME])),
        ("viewer", "viewerUsers", json!(["guest", USERNAME])),
    ] {
        let tenant = tenant();
        job(&tenant, role).run().added();
        let write = tenant.requests().into_iter().find(|request| request.stage == Stage::Write).unwrap();
        assert!(write.path.ends_with("/entity/uniqueAttribute/type/Collection"), "{}", write.path);
        assert_eq!(write.query("attr:qualifiedName"), example::COLLECTION);
        let body: Value = serde_json::from_str(&write.body).unwrap();
        let attributes = json!({ "qualifiedName": example::COLLECTION, list: users });
        assert_eq!(body, json!({ "entity": { "typeName": "Collection", "attributes": attributes } }));
    }
}

#[test]
fn a_creator_whom_the_tenant_puts_back_is_no_other_writer() {
    // jdoe made the collection. Taken off the list, they are put back by the tenant itself.
    let tenant = tenant();
    let bearer = tenant.edit(|world| world.sign_in("asmith"));
    tenant.edit(|world| world.asset(example::COLLECTION).remove("jdoe"));
    let report = ended(&job(&tenant, "editor").env("USER_BEARER_TOKEN", bearer).run(), "added", true);
    assert_eq!(report["admin_users"]["before"], json!(["asmith"]));
    assert!(tenant.admin_users(example::COLLECTION).contains(&"jdoe".to_owned()));
}

#[test]
fn a_dry_run_says_what_a_collection_would_get() {
    let tenant = tenant();
    let report = ended(&job(&tenant, "viewer").args(["--dry-run"]).run(), "would_add", false);
    assert_eq!(report["viewer_users"]["after"], json!(["guest", USERNAME]));
    assert_eq!(tenant.count(Stage::Write), 0);
}

#[test]
fn each_failure_has_its_code_and_its_words() {
    let says = |report: &Value, words: &str| {
        let error = &report["error"];
        let text = format!("{} {}", error["message"], error["hint"]);
        assert!(text.contains(words), "{words}: {text}");
        assert!(!text.contains("connection"), "{text}");
    };
    let tenant = tenant();
    let missing = job(&tenant, "editor").env("COLLECTION_QUALIFIED_NAME", "default/collection/jdoe/none");
    says(&missing.run().failed(6, "collection_not_found", ADMINS), "has no collection");

    let guest = job(&tenant, "editor").env("USER_BEARER_TOKEN", example::GUEST_BEARER);
    let report = guest.run().report();
    assert_eq!(
        (&report["error"]["kind"], &report["error"]["exit_code"]),
        (&json!("forbidden"), &json!(8)),
        "{report}"
    );
    says(&report, "must be an editor");

    tenant.edit(|world| world.asset(example::COLLECTION).active = false);
    says(&job(&tenant, "editor").run().failed(6, "collection_not_found", ADMINS), "is archived");

    let gone = self::tenant();
    gone.fail(Stage::Write, Times::Forever, Fault::atlas(404, "ATLAS-404-00-009", "gone"));
    says(&job(&gone, "viewer").run().failed(6, "collection_not_found", UPDATE), "was deleted");
}

#[test]
fn wrong_inputs_for_a_collection_are_refused() {
    let tenant = tenant();
    for (job, words) in [
        (Job::against(&tenant).env("COLLECTION_QUALIFIED_NAME", example::COLLECTION), "give exactly one"),
        (Job::against(&tenant).env("COLLECTION_ROLE", "editor"), "COLLECTION_ROLE"),
        (job(&tenant, "owner"), "must be editor or viewer"),
        (
            job(&tenant, "viewer").env("COLLECTION_QUALIFIED_NAME", example::CONNECTION),
            "COLLECTION_QUALIFIED_NAME",
        ),
        (
            Job::against(&tenant).env("CONNECTION_QUALIFIED_NAME", example::COLLECTION),
            "belongs into COLLECTION_QUALIFIED_NAME",
        ),
    ] {
        let report = job.run().failed(4, "invalid_input", "configure");
        assert!(report["error"]["message"].as_str().unwrap().contains(words), "{words}: {report}");
    }
    assert_eq!(tenant.connections(), 0);
}

#[test]
fn a_creator_whom_the_tenant_put_back_is_no_other_writer() {
    let tenant = tenant();
    tenant.edit(|world| "guest".clone_into(&mut world.asset(example::COLLECTION).created_by));
    // Somebody is gone, and the only newcomer is who comes back by itself: nobody else is to blame.
    tenant.after(Stage::Write, |world| world.asset(example::COLLECTION).remove("asmith"));
    let ran = job(&tenant, "editor").run();
    ran.failed(11, "verification_failed", UPDATE);
    ran.says("\"asmith\" no longer is", "If they were removed on purpose");
    assert_eq!(tenant.admin_users(example::COLLECTION), ["jdoe", USERNAME, "guest"]);
}
