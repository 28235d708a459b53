//! Keycloak inside the tenant's own update, where whatever goes wrong with it is told in the same
//! words: it passes, or the connection's role is missing.

use serde_json::Value;
use stand_in_tenant::{Fault, Stage, Times, example};

use crate::support::{Job, example};

#[test]
fn a_keycloak_that_fails_the_update_for_a_moment_is_waited_for() {
    let tenant = example();
    tenant.edit(|world| world.keycloak.fails_atlas = true);
    tenant.after(Stage::Write, |world| world.keycloak.fails_atlas = false);
    let ran = Job::against(&tenant).run();
    ran.added();
    assert_eq!(tenant.count(Stage::Write), 2);
    assert!(ran.stderr.contains("Keycloak for the update"), "it isn't said why: {ran:?}");
}

#[test]
fn a_role_that_is_missing_is_named_beside_a_keycloak_that_is_away() {
    let tenant = example();
    tenant.edit(|world| world.first().role_missing = true);
    let guid = tenant.edit(|world| world.first().guid.clone());
    let ran = Job::against(&tenant).env("DEADLINE_SECONDS", "14").run();
    let report = ran.failed(75, "unavailable", "append-and-update");
    ran.says("couldn't reach or use its own Keycloak for the update", "Keycloak is away for a moment");
    ran.says("", &format!("its role connection_admins_{guid} is missing, which Atlan's support must repair"));
    ran.says("", "Check in Atlan whether");
    assert_eq!((&report["changed"], &report["error"]["retryable"]), (&Value::Null, &true.into()));
    assert_eq!(report["error"]["tenant"]["code"], "ATLAS-400-00-029");
    assert!(tenant.count(Stage::Write) > 1, "{ran:?}");
}

#[test]
fn a_right_without_the_entry_is_healed_by_a_second_write() {
    let tenant = example();
    tenant.fail(Stage::Write, Times::Once, Fault::storage_away());
    Job::against(&tenant).run().added();
    assert_eq!(tenant.count(Stage::Write), 2);
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith", example::USERNAME]);
}
