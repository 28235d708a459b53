//! Other people and jobs write the same list at the same time. The tenant has no compare-and-set:
//! what a read can show is kept, and what none can show is said in SECURITY.md.

use std::time::Duration;

use serde_json::json;
use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{Job, all_at_once, wait_until};

const USERNAME: &str = example::USERNAME;

fn admins(tenant: &StandIn) -> Vec<String> {
    tenant.admin_users(example::CONNECTION)
}

/// What a writer leaves behind that had read before us and wrote after us.
fn overwrite(world: &mut World) {
    world.first().admin_users = Some(["jdoe", "asmith", "newcomer"].map(str::to_owned).into());
}

#[test]
fn a_change_between_the_read_and_the_write_is_beyond_any_client() {
    // Pinned down so that nobody takes it for a promise: see SECURITY.md.
    let tenant = StandIn::start(World::example());
    tenant.before(Stage::Write, |world| world.first().add("newcomer"));
    Job::against(&tenant).run().added();
    assert_eq!(admins(&tenant), ["jdoe", "asmith", USERNAME]);

    let tenant = StandIn::start(World::example());
    tenant.before(Stage::Write, |world| world.first().remove("asmith"));
    Job::against(&tenant).run().added();
    assert_eq!(admins(&tenant), ["jdoe", "asmith", USERNAME]);
}

#[test]
fn somebody_added_after_the_write_is_kept_and_reported() {
    let tenant = StandIn::start(World::example());
    tenant.after(Stage::Write, |world| world.first().add("newcomer"));
    let report = Job::against(&tenant).run().added();
    assert_eq!(report["admin_users"]["after"], json!(["jdoe", "asmith", USERNAME, "newcomer"]));
    assert_eq!(tenant.count(Stage::Write), 1);
}

#[test]
fn somebody_removed_after_the_write_is_reported_and_not_put_back() {
    let tenant = StandIn::start(World::example());
    tenant.after(Stage::Write, |world| world.first().remove("asmith"));
    let ran = Job::against(&tenant).run();
    let report = ran.failed(11, "verification_failed", "append-and-update");
    assert_eq!(report["changed"], true);
    ran.says("is now a connection admin, but \"asmith\" no longer is", "If they were removed on purpose");
    assert!(!ran.stdout.contains("the last look"), "{ran:?}");
    assert_eq!(admins(&tenant), ["jdoe", USERNAME]);
}

#[test]
fn a_writer_who_had_read_before_us_loses_nothing_and_nobody() {
    let tenant = StandIn::start(World::example());
    tenant.after(Stage::Write, overwrite);
    let report = Job::against(&tenant).run().added();
    assert_eq!(admins(&tenant), ["jdoe", "asmith", "newcomer", USERNAME]);
    assert_eq!(report["admin_users"]["before"], json!(["jdoe", "asmith", "newcomer"]));
    assert_eq!(tenant.count(Stage::Write), 2);
}

#[test]
fn somebody_who_is_gone_is_told_whoever_else_has_come() {
    let tenant = StandIn::start(World::example());
    tenant.after(Stage::Write, |world| {
        world.first().admin_users = Some(["jdoe", "newcomer", USERNAME].map(str::to_owned).into());
    });
    let ran = Job::against(&tenant).run();
    let report = ran.failed(11, "verification_failed", "append-and-update");
    assert_eq!(
        (&report["changed"], &report["admin_users"]["after"]),
        (&json!(true), &json!(["jdoe", "newcomer", USERNAME]))
    );
}

#[test]
fn somebody_added_between_a_failed_write_and_its_retry_is_kept() {
    let tenant = StandIn::start(World::example());
    tenant.fail(Stage::Write, Times::Once, Fault::status(503));
    tenant.before(Stage::ReadBack, |world| world.first().add("newcomer"));
    Job::against(&tenant).run().added();
    assert_eq!(admins(&tenant), ["jdoe", "asmith", "newcomer", USERNAME]);
}

#[test]
fn somebody_removed_between_a_failed_write_and_its_retry_is_not_put_back() {
    let faults = [Fault::status(503), Fault::retry_after(429, "0"), Fault::Reset];
    all_at_once(&faults, |fault| {
        let tenant = StandIn::start(World::example());
        tenant.fail(Stage::Write, Times::Once, fault.clone());
        tenant.before(Stage::ReadBack, |world| world.first().remove("asmith"));
        let report = Job::against(&tenant).run().added();
        assert_eq!(admins(&tenant), ["jdoe", USERNAME]);
        assert_eq!(report["admin_users"]["before"], json!(["jdoe"]));
    });
}

#[test]
fn somebody_removed_while_we_write_again_stays_removed() {
    // The first write is overwritten; before the second, somebody leaves.
    let tenant = StandIn::start(World::example());
    tenant.after(Stage::Write, overwrite);
    tenant.after(Stage::ReadBack, |world| world.first().remove("asmith"));
    Job::against(&tenant).run().added();
    assert_eq!(admins(&tenant), ["jdoe", "newcomer", USERNAME]);
}

#[test]
fn a_token_that_another_job_added_meanwhile_is_not_added_twice() {
    let tenant = StandIn::start(World::example());
    tenant.fail(Stage::Write, Times::Once, Fault::status(503));
    tenant.before(Stage::ReadBack, |world| world.first().add(USERNAME));
    let report = Job::against(&tenant).run().report();
    assert_eq!(report["status"], "added");
    assert_eq!(admins(&tenant), ["jdoe", "asmith", USERNAME]);
    assert_eq!(tenant.count(Stage::Write), 1);
}

#[test]
fn a_tenant_that_accepts_writes_and_forgets_them_is_not_believed() {
    let tenant = StandIn::start(World::example());
    tenant.after_each(Stage::Write, |world| world.first().remove(USERNAME));
    let ran = Job::against(&tenant).env("DEADLINE_SECONDS", "20").run();
    let report = ran.failed(11, "verification_failed", "append-and-update");
    ran.says("accepted the write, and yet", "who else writes");
    assert_eq!(report["changed"], serde_json::Value::Null);
    assert_eq!(tenant.count(Stage::Write), 2);
}

#[test]
fn a_writer_who_never_stops_is_fought_until_the_deadline_only() {
    let tenant = StandIn::start(World::example());
    tenant.after_each(Stage::Write, overwrite);
    let report = Job::against(&tenant).env("DEADLINE_SECONDS", "5").run().failed(
        11,
        "verification_failed",
        "append-and-update",
    );
    assert_eq!(report["changed"], serde_json::Value::Null);
    assert_eq!(admins(&tenant), ["jdoe", "asmith", "newcomer"]);
}

#[test]
fn settling_sees_a_late_overwrite_and_mends_it() {
    let tenant = StandIn::start(World::example());
    tenant.after(Stage::ReadBack, overwrite);
    Job::against(&tenant).env("SETTLE_SECONDS", "0.2").run().added();
    assert_eq!(admins(&tenant), ["jdoe", "asmith", "newcomer", USERNAME]);
    assert_eq!(tenant.count(Stage::Write), 2);
}

#[test]
fn without_settling_a_late_overwrite_goes_unseen() {
    let tenant = StandIn::start(World::example());
    tenant.after(Stage::ReadBack, overwrite);
    Job::against(&tenant).run().added();
    assert_eq!(admins(&tenant), ["jdoe", "asmith", "newcomer"]);
}

#[test]
fn somebody_removed_on_purpose_while_we_settle_is_no_failure() {
    let tenant = StandIn::start(World::example());
    tenant.after(Stage::ReadBack, |world| world.first().remove("asmith"));
    let report = Job::against(&tenant).env("SETTLE_SECONDS", "0.2").run().added();
    assert_eq!(report["admin_users"]["after"], json!(["jdoe", USERNAME]));
    assert_eq!(tenant.count(Stage::Write), 1);
}

#[test]
fn a_tenant_that_is_gone_when_the_list_has_settled_does_not_unsay_the_change() {
    let tenant = StandIn::start(World::example());
    let running = Job::against(&tenant).env("SETTLE_SECONDS", "1.5").env("DEADLINE_SECONDS", "4.5").start();
    wait_until("the first look", || tenant.count(Stage::ReadBack) > 0);
    tenant.fail(Stage::ReadBack, Times::Forever, Fault::status(503));
    let ran = running.wait();
    let report = ran.failed(75, "unavailable", "append-and-update");
    assert_eq!(report["changed"], true);
    ran.says("status 503", "was a connection admin when the list was last read");
}

#[test]
fn jobs_that_settle_end_with_all_of_them_on_the_list() {
    const JOBS: usize = 5;
    let mut world = World::example();
    let clients: Vec<String> = (0..JOBS).map(|number| format!("apikey-{number:08}")).collect();
    for (number, client) in clients.iter().enumerate() {
        world.add_token(&format!("job-{number}"), &format!("guid-{number}"), client);
    }
    let tenant = StandIn::start(world);
    let mut running: Vec<_> = (0..JOBS)
        .map(|number| {
            Job::against(&tenant)
                .env("API_TOKEN_NAME", format!("job-{number}"))
                .env("SETTLE_SECONDS", "1.5")
                .env("DEADLINE_SECONDS", "120")
                .start()
        })
        .collect();
    // Some get their answers late, and write long after they read: what others wrote and read back
    // meanwhile is gone.
    for latency in [5, 250].into_iter().cycle() {
        tenant.set_latency(Duration::from_millis(latency));
        std::thread::sleep(Duration::from_millis(60));
        if running.iter_mut().all(|job| job.child.try_wait().unwrap().is_some()) {
            break;
        }
    }
    for job in running {
        job.wait().added();
    }
    let admins = admins(&tenant);
    assert_eq!(admins.len(), 2 + JOBS, "{admins:?}");
    for name in clients.iter().map(|client| format!("service-account-{client}")) {
        assert!(admins.contains(&name), "{name} is missing: {admins:?}");
    }
}
